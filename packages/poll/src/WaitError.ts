/**
 * How a wait can end badly beside a `CloudflareError`: the operation failed, or the wait gave up before it ended.
 */
import { BulkOperation, Failed } from "@bulk-operations/core/BulkOperation"
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Cloudflare ended the operation without effect. What it says is in `operation.error`. */
export class BulkOperationFailed
  extends Schema.TaggedError<BulkOperationFailed>("@bulk-operations/poll/BulkOperationFailed")(
    "BulkOperationFailed",
    { operation: Failed }
  )
{
  override get message(): string {
    const reason = Option.getOrElse(this.operation.error, () => "Cloudflare gives no reason")
    return `Bulk operation ${this.operation.id} failed: ${reason}`
  }
}

/**
 * The wait gave up; the operation goes on. Everything needed to wait again is here: a wait with its `accountId` and
 * `startedAt` goes on with the gaps of the operation's age.
 *
 * @example
 * import { BulkOperationPoller } from "@bulk-operations/poll"
 * import { Effect } from "effect"
 *
 * const patient = (operationId: string) =>
 *   Effect.gen(function*() {
 *     const poller = yield* BulkOperationPoller.BulkOperationPoller
 *     return yield* poller.wait(operationId, { timeout: "10 minutes" }).pipe(
 *       Effect.tapErrorTag("PollTimeout", (timeout) => Effect.logWarning(timeout.message)),
 *       Effect.catchTag("PollTimeout", ({ accountId, startedAt }) => poller.wait(operationId, { accountId, startedAt }))
 *     )
 *   })
 */
export class PollTimeout extends Schema.TaggedError<PollTimeout>("@bulk-operations/poll/PollTimeout")("PollTimeout", {
  operationId: Schema.String,
  /** The account the operation was looked for in, where one was known. */
  accountId: Schema.optional(Schema.String),
  /** When the operation was started, or else when the wait began: where a next wait counts from. */
  startedAt: Schema.DateTimeUtc,
  /** The operation as it was last seen, if it was. */
  last: Schema.Option(BulkOperation),
  /** How many looks were made while this wait was on. */
  polls: Schema.Int,
  /** How long the wait was. */
  elapsed: Schema.Duration,
  /** Whether its `timeout` was over, or its schedule had no further look. */
  endedBy: Schema.Literals(["timeout", "schedule"]),
  /** The trouble that the last look met, if it met any. */
  lastError: Schema.Option(CloudflareError)
}) {
  override get message(): string {
    const seen = Option.match(this.last, {
      onNone: () => "it was never seen",
      onSome: ({ status }) => `last seen ${status}`
    })
    const trouble = Option.match(this.lastError, {
      onNone: () => "",
      onSome: ({ message }) => `; last trouble: ${message}`
    })
    const elapsed = Duration.format(this.elapsed)
    const ended = this.endedBy === "timeout" ? `within ${elapsed}` : `before its schedule did, after ${elapsed}`
    return `Bulk operation ${this.operationId} did not end ${ended} (${this.polls} looks, ${seen}${trouble}). ` +
      "It goes on: wait again with startedAt."
  }
}
