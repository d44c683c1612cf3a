/**
 * How a wait is getting on, as plain data that can be drawn, logged or sent.
 */
import { BulkOperation } from "@bulk-operations/core/BulkOperation"
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Schema from "effect/Schema"

/**
 * A moment of a wait: after a poll, or when one is delayed.
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
  /** The operation as it was last seen, if it was; the last element of a stream holds the terminal one. */
  operation: Schema.OptionFromOptionalKey(BulkOperation),
  /** How many polls were answered while this wait was on. */
  polls: Schema.Int,
  /** How long the wait has been on. */
  elapsed: Schema.DurationFromMillis,
  /** When the next poll is due; none when the operation has ended, and while a schedule takes its time. */
  nextPollAt: Schema.OptionFromOptionalKey(Schema.DateTimeUtcFromString),
  /** When the wait times out; none where it has no timeout. */
  deadline: Schema.OptionFromOptionalKey(Schema.DateTimeUtcFromString),
  /** The transient error that the latest poll met, if it met one. */
  transientError: Schema.OptionFromOptionalKey(CloudflareError),
  /** Whether the next poll is late because the request budget is short. */
  isThrottled: Schema.Boolean
})
export type PollProgress = typeof PollProgress.Type
