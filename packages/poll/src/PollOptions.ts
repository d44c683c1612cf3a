/**
 * How to wait: the defaults of every wait, replaced for an application by a layer and for one wait by its options.
 */
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as PollSchedule from "./PollSchedule.ts"

/** What can be said about a wait. */
export interface Options {
  /** When to look again while the operation is under way. Default `PollSchedule.quadratic()`. */
  readonly schedule: PollSchedule.PollSchedule
  /** How long to wait at most. The last look is made when it is over. Default 1 hour; `"Infinity"` for no limit. */
  readonly timeout: Duration.Input
  /**
   * When to look again after passing trouble (`CloudflareError.isRetryable`, and `NotFound` within `notFoundGrace`).
   * Default after about 1, 2, 4, … and at most 30 seconds. `Retry-After` is a floor for the next look.
   */
  readonly troubleSchedule: Schedule.Schedule<unknown, CloudflareError>
  /**
   * How long passing trouble may last before the wait ends with it. Default 10 minutes: twice as long as Cloudflare
   * blocks those who sent too many requests.
   */
  readonly tolerance: Duration.Input
  /** How long after the wait began `NotFound` counts as passing trouble. Default zero. */
  readonly notFoundGrace: Duration.Input
}

/**
 * The options of the waits that begin where it is provided.
 *
 * @example
 * import { PollOptions, PollSchedule } from "@bulk-operations/poll"
 * import { Layer } from "effect"
 *
 * const unhurried = Layer.succeed(PollOptions.PollOptions, {
 *   ...PollOptions.defaults,
 *   schedule: PollSchedule.quadratic({ requestCost: "5 seconds" }),
 *   timeout: "2 hours"
 * })
 */
export const defaults: Options = {
  schedule: PollSchedule.quadratic(),
  timeout: Duration.hours(1),
  troubleSchedule: Schedule.exponential("1 second").pipe(
    // Jitter adds a fifth at most.
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.seconds(25)))),
    Schedule.jittered
  ),
  tolerance: Duration.minutes(10),
  notFoundGrace: Duration.zero
}

/** The options of the waits that begin where it is provided. Default `defaults`. */
export const PollOptions = Context.Reference<Options>("@bulk-operations/poll/PollOptions", {
  defaultValue: () => defaults
})
