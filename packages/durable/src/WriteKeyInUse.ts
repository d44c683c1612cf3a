/**
 * A key that names two writes.
 */
import * as Schema from "effect/Schema"

/** The key of a durable write was used for another one, so that nothing was sent. */
export class WriteKeyInUse extends Schema.TaggedError<WriteKeyInUse>("@bulk-operations/durable/WriteKeyInUse")(
  "WriteKeyInUse",
  {
    listId: Schema.String,
    key: Schema.String
  }
) {
  override get message(): string {
    return `The key ${JSON.stringify(this.key)} names another write to list ${this.listId}, so nothing was sent. ` +
      "Give each write a key of its own, or forget the other one once it has ended."
  }
}
