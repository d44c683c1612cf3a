/**
 * Trying again for as long as a policy says.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Policy } from "../WritePolicy.ts"

/** Which failures to try again after, and how long the server asks to wait after them. */
export interface Passing<E> {
  readonly isPassing: (error: E) => boolean
  readonly retryAfter?: (error: E) => Duration.Duration | undefined
}

/**
 * Runs the effect again while it fails with what may pass. The last attempt is made when the patience is over; a
 * `Retry-After` that goes beyond it ends it at once.
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
      // Whole milliseconds: a clock that has no others would not have come to the end of a fraction.
      Schedule.modifyDelay(({ duration, elapsed, input }) =>
        Effect.succeed(
          Duration.millis(Math.ceil(Math.max(asked(input), Math.min(Duration.toMillis(duration), limit - elapsed))))
        )
      )
    )
  )
}
