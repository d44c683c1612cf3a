/**
 * A limit to how long an effect may take.
 *
 * `Effect.timeout` does the same by a race of two fibers, which would be most of what this library adds to a request.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/**
 * The effect, or the error of `onTimeout` where it has not ended after `limit`. It is interrupted then, and what it does
 * to finish is waited for.
 */
export const within = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  limit: Duration.Duration,
  onTimeout: () => E2
): Effect.Effect<A, E | E2, R> =>
  Duration.isFinite(limit)
    ? Effect.contextWith((context: Context.Context<R>) =>
      Effect.callback<A, E | E2>((resume) => {
        const fiber = Effect.runForkWith(context)(effect)
        let isLate = false
        const stop = Effect.sync(() => {
          isLate = true
          fiber.interruptUnsafe()
        })
        const timer = fiber.pollUnsafe() === undefined
          ? Effect.runFork(Effect.andThen(Context.get(context, Clock.Clock).sleep(limit), stop))
          : undefined
        fiber.addObserver((exit) => {
          timer?.interruptUnsafe()
          resume(isLate && Exit.hasInterrupts(exit) ? Effect.suspend(() => Effect.fail(onTimeout())) : exit)
        })
        return Fiber.interrupt(fiber)
      })
    )
    : effect
