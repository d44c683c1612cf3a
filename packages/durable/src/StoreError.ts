/** The defect of a call if the store of durable waits fails. */
import * as Schema from "effect/Schema"

/**
 * The store could not be read or written: for example, its disk is full or its database cannot be reached. It is a
 * defect, because the caller of a wait cannot do anything about it.
 *
 * Waits under way continue in memory and store their ends when the store is back; if their process ends meanwhile, the
 * next one resumes them. It is unknown whether the call that died took effect: begin the same wait again, which joins
 * the stored one if there is one.
 *
 * Or the store holds an unreadable wait, from a later release, after a downgrade. Such a wait has died; wait for the
 * operation with another timeout.
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
  /** Whether the store failed, or holds something that this release cannot read. */
  problem: Schema.Literals(["failed", "unreadable"]),
  /** The error of the store's driver. */
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `${problems[this.problem]}: ${deepest(this.cause)}`
  }
}

const problems = {
  failed: "The store of durable waits failed",
  unreadable: "A stored wait cannot be read, perhaps because a later release has written it"
}

// The driver's message is the innermost one.
const deepest = (cause: unknown): string =>
  cause instanceof Error ? cause.cause === undefined ? cause.message : deepest(cause.cause) : String(cause)
