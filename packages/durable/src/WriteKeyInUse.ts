/** The error for a key that is used by another write. */
import * as Schema from "effect/Schema"

/**
 * The key of a durable write is used by another write, so nothing was sent.
 *
 * @example
 * import { DurableListItems } from "@bulk-operations/durable"
 * import { ListItem } from "@bulk-operations/lists"
 * import { Effect } from "effect"
 *
 * export const block = (job: string, address: string) =>
 *   DurableListItems.DurableListItems.use((items) =>
 *     items.createAndWait("blocked", [ListItem.ip(address)], { key: job })
 *   ).pipe(
 *     Effect.catchTag("WriteKeyInUse", ({ key }) => Effect.logError(`two jobs are called ${key}`))
 *   )
 */
export class WriteKeyInUse extends Schema.TaggedError<WriteKeyInUse>("@bulk-operations/durable/WriteKeyInUse")(
  "WriteKeyInUse",
  {
    listId: Schema.String,
    key: Schema.String
  }
) {
  override get message(): string {
    return `The key ${JSON.stringify(this.key)} names another write to list ${this.listId}, so nothing was sent. ` +
      "Give each write a different key, or forget the other one once it has ended."
  }
}
