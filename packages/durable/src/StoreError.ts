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
 *
 * Or it holds a wait that cannot be read: one of a later release, after going back to this one. Such a wait has died; the
 * operation can be waited for with another timeout.
 *
 * @example
 * import { DurablePoller, StoreError } from "@bulk-operations/durable"
 * import { Effect } from "effect"
 *
 * // The same wait again, after a minute: it joins what has been stored.
 * export const wait = (operationId: string) =>
 *   DurablePoller.DurablePoller.use((poller) => poller.wait(operationId)).pipe(
 *     Effect.catchDefect((defect) =>
 *       defect instanceof StoreError.StoreError ? Effect.logError(defect.message) : Effect.die(defect)
 *     )
 *   )
 */
export class StoreError extends Schema.TaggedError<StoreError>("@bulk-operations/durable/StoreError")("StoreError", {
  /** Whether the store failed, or has something in it that this release cannot read. */
  problem: Schema.Literals(["failed", "unreadable"]),
  /** What the store's driver says. */
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `${problems[this.problem]}: ${deepest(this.cause)}`
  }
}

const problems = {
  failed: "The store of durable waits failed",
  unreadable: "What is stored of a wait cannot be read, perhaps because a later release has stored it"
}

// What the driver says stands beneath what its wrappings say.
const deepest = (cause: unknown): string =>
  cause instanceof Error ? cause.cause === undefined ? cause.message : deepest(cause.cause) : String(cause)
