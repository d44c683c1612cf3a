/** Retries for as long as a policy says. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Policy } from "../WritePolicy.ts"

/** Which failures to retry, and how long the server asks to wait after them. */
export interface Passing<E> {
  readonly isPassing: (error: E) => boolean
  readonly retryAfter?: (error: E) => Duration.Duration | undefined
}

/**
 * Retries the effect while it fails with transient failures. The last attempt is made when `patience` has passed; a
 * `Retry-After` beyond that ends the retries at once.
 */
export const persist = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { patience, schedule }: Pick<Policy, "patience" | "schedule">,
  { isPassing, retryAfter = () => undefined }: Passing<E>
): Effect.Effect<A, E, R> => {
  const limit = Duration.toMillis(patience)
  const asked = (error: E) => Duration.toMillis(retryAfter(error) ?? Duration.zero)
  return Effect.retry(
    effect,
    schedule.pipe(
      Schedule.setInputType<E>(),
      Schedule.while(({ elapsed, input }) => isPassing(input) && elapsed < limit && elapsed + asked(input) <= limit),
      // Whole milliseconds: a clock without fractions would not have reached the end of one.
      Schedule.modifyDelay(({ duration, elapsed, input }) =>
        Effect.succeed(
          Duration.millis(Math.ceil(Math.max(asked(input), Math.min(Duration.toMillis(duration), limit - elapsed))))
        )
      )
    )
  )
}
