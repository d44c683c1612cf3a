/**
 * Retry options of writes. A layer replaces the defaults for an application; the options of a call replace them for one
 * write.
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Action } from "./WriteError.ts"

/** A write that is being retried. */
export interface Retrying {
  readonly accountId: string
  readonly listId: string
  readonly action: Action
  /**
   * Why it is retried. `"operationPending"`: another operation of the account is pending. **Gotcha:** Cloudflare says
   * the same if the limit on writes is reached, except where the operation itself failed because of it:
   * `"writeLimit"`. `"requestLimit"`: the limit of the whole API is reached. `"answerLost"`: see `onLostAnswer`.
   */
  readonly reason: "operationPending" | "writeLimit" | "requestLimit" | "answerLost"
  /** When patience runs out; none if it is infinite. */
  readonly until: Option.Option<DateTime.Utc>
}

/** Retry options of a write. */
export interface Policy {
  /**
   * When to retry a write that was refused because another operation of the account is pending (429). Default after
   * about 2, 4, 8, … and at most 30 seconds. `Retry-After` is obeyed.
   */
  readonly schedule: Schedule.Schedule<unknown>
  /**
   * How long to retry. Default 15 minutes: users have reported success after seven. Also the longest wait for the
   * previous writer's operation.
   */
  readonly patience: Duration.Input
  /**
   * What to do if the answer to a write is lost: `"fail"` with `OutcomeUnknown`, the default, or `"repeat"` the write
   * on the same schedule. The list ends up the same, unless somebody else has written meanwhile. Each write counts
   * towards Cloudflare's limits.
   */
  readonly onLostAnswer: "fail" | "repeat"
  /**
   * Notified as soon as a write is to be retried, and again only if the reason changes. The write continues when the
   * effect has ended. Default: does nothing. **Gotcha:** writers that wait for their turn in a lane are not retried, so
   * they are not notified.
   */
  readonly onRetry: (retrying: Retrying) => Effect.Effect<void>
}

/**
 * The default policy.
 *
 * @example
 * import { WritePolicy } from "@bulk-operations/lists"
 * import { Effect, Layer } from "effect"
 *
 * const hurried = Layer.succeed(WritePolicy.WritePolicy, {
 *   ...WritePolicy.defaults,
 *   patience: "1 minute",
 *   onRetry: ({ listId, reason }) => Effect.logInfo(`Retrying to write to list ${listId}: ${reason}`)
 * })
 */
export const defaults: Policy = {
  schedule: Schedule.exponential("2 seconds").pipe(
    // Jitter adds a fifth at most.
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.seconds(25)))),
    Schedule.jittered
  ),
  patience: Duration.minutes(15),
  onLostAnswer: "fail",
  onRetry: () => Effect.void
}

/** The policy of writes in an application or a part of it. Default `defaults`. */
export const WritePolicy = Context.Reference<Policy>("@bulk-operations/lists/WritePolicy", {
  defaultValue: () => defaults
})
