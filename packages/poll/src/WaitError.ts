/** Errors of a wait: the operation failed, the wait timed out, or Cloudflare cannot be polled. */
import { BulkOperation, Failed } from "@bulk-operations/core/BulkOperation"
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The operation failed without effect. Cloudflare's reason is in `operation.error`. */
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
 * The wait timed out before the end of the operation was detected. It holds what you need to resume: a wait with its
 * `accountId` and `startedAt` continues with the gaps for the operation's age.
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
  /** The account of the operation, if known. */
  accountId: Schema.optional(Schema.String),
  /** When the operation was started, or, if unknown, when the wait began: the `startedAt` of the next wait. */
  startedAt: Schema.DateTimeUtc,
  /** The last known state of the operation, if any. */
  last: Schema.Option(BulkOperation),
  /** How many polls were made during this wait. */
  polls: Schema.Int,
  /** How long the wait was allowed to take. */
  timeout: Schema.Duration,
  /** How long it took. */
  elapsed: Schema.Duration,
  /** Whether its `timeout` passed or its schedule ended. */
  endedBy: Schema.Literals(["timeout", "schedule"]),
  /** The transient error of the last poll, if any. */
  lastError: Schema.Option(CloudflareError)
}) {
  override get message(): string {
    const seen = Option.match(this.last, {
      onNone: () => "never seen",
      onSome: ({ status }) => `last seen ${status}`
    })
    const error = Option.match(this.lastError, {
      onNone: () => "",
      onSome: ({ message }) => `; last error: ${message}`
    })
    const polls = this.polls === 1 ? "1 poll" : `${this.polls} polls`
    const ended = this.endedBy === "timeout"
      ? `Bulk operation ${this.operationId} did not end within ${Duration.format(this.timeout)}`
      : `The schedule ended before bulk operation ${this.operationId} did, after ${Duration.format(this.elapsed)}`
    return `${ended} (${polls}, ${seen}${error}). ` +
      `To resume, wait again with startedAt ${this.startedAt.toJSON()}.`
  }
}

/**
 * Every error of a wait, as a schema and as a type. It is discriminated by `_tag`, and can be stored or sent.
 *
 * @example
 * import { WaitError } from "@bulk-operations/poll"
 *
 * const exitCode = (error: WaitError.WaitError): number =>
 *   WaitError.WaitError.match(error, {
 *     BulkOperationFailed: () => 1,
 *     PollTimeout: () => 3,
 *     CloudflareError: () => 5
 *   })
 */
export const WaitError = Schema.Union([BulkOperationFailed, PollTimeout, CloudflareError]).pipe(
  Schema.toTaggedUnion("_tag")
)
export type WaitError = typeof WaitError.Type

/**
 * One of several operations did not complete. The error says which one and why.
 *
 * @example
 * import { BulkOperationPoller } from "@bulk-operations/poll"
 * import { Effect } from "effect"
 *
 * const program = BulkOperationPoller.BulkOperationPoller.use((poller) => poller.waitAll(["op-1", "op-2"])).pipe(
 *   Effect.as("all have completed"),
 *   Effect.catchTag("WaitAllError", ({ operationId, reason }) => Effect.succeed(`${operationId}: ${reason._tag}`))
 * )
 * const layer = BulkOperationPoller.layerTest({ "op-1": "completed", "op-2": { failed: "This list is full" } })
 *
 * await Effect.runPromise(Effect.provide(program, layer)) // => "op-2: BulkOperationFailed"
 */
export class WaitAllError extends Schema.TaggedError<WaitAllError>("@bulk-operations/poll/WaitAllError")(
  "WaitAllError",
  {
    operationId: Schema.String,
    accountId: Schema.optional(Schema.String),
    reason: WaitError
  }
) {
  override get message(): string {
    const { reason } = this
    return reason._tag === "CloudflareError" ? `Bulk operation ${this.operationId}: ${reason.message}` : reason.message
  }
}
