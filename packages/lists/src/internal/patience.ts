/** Retries for as long as a policy says. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Policy, Retrying } from "../WritePolicy.ts"

/** Which failures to retry, why, and how long the server asks to wait after them. */
export interface Passing<E> {
  readonly isPassing: (error: E) => boolean
  readonly retrying: (error: E) => Omit<Retrying, "until">
  readonly retryAfter?: (error: E) => Duration.Duration | undefined
}

/**
 * Retries the effect while it fails with transient failures. The last attempt is made when `patience` has passed; a
 * `Retry-After` beyond that ends the retries at once.
 */
export const persist = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { onRetry, patience, schedule }: Pick<Policy, "onRetry" | "patience" | "schedule">,
  { isPassing, retryAfter = () => undefined, retrying }: Passing<E>
): Effect.Effect<A, E, R> => {
  const limit = Duration.toMillis(patience)
  const asked = (error: E) => Duration.toMillis(retryAfter(error) ?? Duration.zero)
  return Effect.suspend(() => {
    const notify = notifier(onRetry)
    return Effect.retry(
      effect,
      schedule.pipe(
        Schedule.setInputType<E>(),
        Schedule.while(({ elapsed, input }) => isPassing(input) && elapsed < limit && elapsed + asked(input) <= limit),
        // Whole milliseconds: a clock without fractions would not have reached the end of one.
        Schedule.modifyDelay(({ duration, elapsed, input }) =>
          Effect.as(
            notify(retrying(input), limit - elapsed),
            Duration.millis(Math.ceil(Math.max(asked(input), Math.min(Duration.toMillis(duration), limit - elapsed))))
          )
        )
      )
    )
  })
}

// Notifies once for each reason in a row. `left` is in milliseconds.
const notifier = (onRetry: Policy["onRetry"]) => {
  let last: Retrying["reason"] | undefined
  return Effect.fnUntraced(function*(retrying: Omit<Retrying, "until">, left: number) {
    if (retrying.reason === last) return
    last = retrying.reason
    const now = yield* DateTime.now
    const until = left === Number.POSITIVE_INFINITY
      ? Option.none()
      : Option.some(DateTime.addDuration(now, Duration.millis(left)))
    yield* onRetry({ ...retrying, until })
  })
}
