/** The error when reading a list stops halfway. */
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Schema from "effect/Schema"

/**
 * Cloudflare does not accept the cursor: it has expired or never existed. How long a cursor is valid is not documented.
 *
 * **Gotcha:** Cloudflare gives the same answer (400, code 10027) for other mistakes in a page's query.
 *
 * @example
 * import { ListItems } from "@bulk-operations/lists"
 * import { Effect, Stream } from "effect"
 *
 * // If the cursor has expired, read the list again from its beginning.
 * export const all = (listId: string) =>
 *   ListItems.ListItems.use((items) => Stream.runCollect(items.stream(listId))).pipe(
 *     Effect.retry({ times: 2, while: ({ _tag }) => _tag === "CursorExpired" })
 *   )
 */
export class CursorExpired extends Schema.TaggedError<CursorExpired>("@bulk-operations/lists/CursorExpired")(
  "CursorExpired",
  {
    listId: Schema.String,
    /** The cursor of the page that could not be read. */
    cursor: Schema.String,
    /** How many items had been read before it. */
    itemsBefore: Schema.Int,
    cause: CloudflareError
  }
) {
  override get message(): string {
    return `Cloudflare does not accept the cursor of list ${this.listId}, after ${this.itemsBefore} items. ` +
      `Read the list again from its beginning. (${this.cause.message})`
  }
}
