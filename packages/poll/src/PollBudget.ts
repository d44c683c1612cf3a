/**
 * How many requests the waits of one poller may make together.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/** A budget of requests. */
export interface Budget {
  /**
   * How many requests the API allows per `window` before it blocks the caller. Default 1,200 per 5 minutes, as
   * Cloudflare allows a user. A `Ratelimit-Policy` header in an answer replaces both.
   *
   * Source: developers.cloudflare.com/fundamentals/api/reference/limits.
   */
  readonly limit: number
  readonly window: Duration.Input
  /** The part of it that looks may use; the rest is left to the other calls of the application. Default 0.8. */
  readonly share: number
  /** Names the budget in the `RateLimiter`: pollers with the same key and the same store share one. */
  readonly key: string
}

/** The budget of the pollers that are built where it is provided. `undefined` for none. */
export const PollBudget = Context.Reference<Budget | undefined>("@bulk-operations/poll/PollBudget", {
  defaultValue: () => ({ limit: 1200, window: Duration.minutes(5), share: 0.8, key: "@bulk-operations/poll" })
})
