/**
 * The death of a call because the store of durable waits failed.
 */
import * as Schema from "effect/Schema"

/**
 * The store could not be read or written: its disk is full, its database cannot be reached. A defect, as nobody can do
 * anything about it where a wait is asked for.
 *
 * Waits that are under way go on in memory and store their ends when the store is back; those of a process that ends
 * meanwhile are taken up by the next one. Of the call that died nobody knows whether it has taken effect: begin the same
 * wait again, which joins it if it has.
 */
export class StoreError extends Schema.TaggedError<StoreError>("@bulk-operations/durable/StoreError")("StoreError", {
  /** What the store's driver says. */
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `The store of durable waits failed: ${deepest(this.cause)}`
  }
}

// What the driver says stands beneath what its wrappings say.
const deepest = (cause: unknown): string =>
  cause instanceof Error ? cause.cause === undefined ? cause.message : deepest(cause.cause) : String(cause)
