/**
 * Reading a list that stopped in the middle.
 */
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Schema from "effect/Schema"

/**
 * Cloudflare does not know the cursor any more, or never did. Nothing says how long it keeps one.
 *
 * Cloudflare has the same answer (400, code 10027) for other faults of a page's query.
 *
 * @example
 * import { ListItems } from "@bulk-operations/lists"
 * import { Effect, Stream } from "effect"
 *
 * // A list whose cursor has expired meanwhile is read again from its beginning.
 * export const all = (listId: string) =>
 *   ListItems.ListItems.use((items) => Stream.runCollect(items.stream(listId))).pipe(
 *     Effect.retry({ times: 2, while: ({ _tag }) => _tag === "CursorExpired" })
 *   )
 */
export class CursorExpired extends Schema.TaggedError<CursorExpired>("@bulk-operations/lists/CursorExpired")(
  "CursorExpired",
  {
    listId: Schema.String,
    /** Where the reading stopped: the page that could not be read. */
    cursor: Schema.String,
    /** How many items were read before it, since the reading began. */
    itemsBefore: Schema.Int,
    cause: CloudflareError
  }
) {
  override get message(): string {
    return `Cloudflare does not know the cursor of list ${this.listId} any more, after ${this.itemsBefore} items. ` +
      `Read the list again from its beginning. (${this.cause.message})`
  }
}
