/** The progress of a wait, as plain data that can be displayed, logged or sent. */
import { BulkOperation } from "@bulk-operations/core/BulkOperation"
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Schema from "effect/Schema"

/**
 * The state of a wait after a poll, or when a poll is delayed.
 *
 * @example
 * import { BulkOperationPoller, PollProgress } from "@bulk-operations/poll"
 * import { Effect, Schema, Stream } from "effect"
 *
 * const encode = Schema.encodeSync(Schema.fromJsonString(PollProgress.PollProgress))
 * const logged = BulkOperationPoller.BulkOperationPoller.use((poller) =>
 *   poller.progress("4da8780eeb215e6cb7f48dd981c4ea02").pipe(
 *     Stream.runForEach((progress) => Effect.log(encode(progress)))
 *   )
 * )
 */
export const PollProgress = Schema.Struct({
  operationId: Schema.String,
  accountId: Schema.OptionFromOptionalKey(Schema.String),
  /** The last known state of the operation, if any; the last element of a stream holds the terminal one. */
  operation: Schema.OptionFromOptionalKey(BulkOperation),
  /** How many polls were answered during this wait. */
  polls: Schema.Int,
  /** How long the wait has lasted. */
  elapsed: Schema.DurationFromMillis,
  /** When the next poll is due; none when the operation has ended, or while the schedule has not decided yet. */
  nextPollAt: Schema.OptionFromOptionalKey(Schema.DateTimeUtcFromString),
  /** When the wait times out; none without a timeout. */
  deadline: Schema.OptionFromOptionalKey(Schema.DateTimeUtcFromString),
  /** The transient error of the latest poll, if any. */
  transientError: Schema.OptionFromOptionalKey(CloudflareError),
  /** Whether the next poll is delayed by a short request budget. */
  isThrottled: Schema.Boolean
})
export type PollProgress = typeof PollProgress.Type
