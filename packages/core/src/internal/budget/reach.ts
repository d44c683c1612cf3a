/** A store that may not be available yet: its layer is built at once and, if that fails, again when it is used. */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Scope from "effect/Scope"

/** The limiter of that store. It waits at most `patience`, and fails only for wrong configuration. */
export const make = Effect.fnUntraced(function*<E, R>(
  store: Layer.Layer<RateLimiter.RateLimiter, E, R>,
  scope: Scope.Scope,
  patience: Duration.Duration
): Effect.fn.Return<RateLimiter.RateLimiter, E, R> {
  const context = yield* Effect.context<R>()
  let attempt: Fiber.Fiber<RateLimiter.RateLimiter, E> | undefined

  const build = Effect.gen(function*() {
    const own = yield* Scope.fork(scope)
    const built = Layer.buildWithScope(store, own)
    const services = yield* Effect.onExit(built, (exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(own, exit))
    return Context.get(services, RateLimiter.RateLimiter)
  })

  const reach = Effect.suspend(() => {
    const exit = attempt?.pollUnsafe()
    if (attempt === undefined || (exit !== undefined && Exit.isFailure(exit))) {
      attempt = Effect.runForkWith(context)(build)
    }
    return Fiber.join(attempt)
  })

  yield* Scope.addFinalizer(
    scope,
    Effect.suspend(() => attempt === undefined ? Effect.void : Fiber.interrupt(attempt))
  )
  yield* reach.pipe(
    Effect.timeoutOption(patience),
    Effect.catchIf((error) => !(error instanceof Config.ConfigError), () => Effect.void)
  )
  return limiterOf(reach)
})

// Only the message: the error may contain the address of the store with its password.
const unreachable = new RateLimiter.RateLimiterError({
  reason: new RateLimiter.RateLimitStoreError({ message: "it cannot be reached" })
})

const limiterOf = (reach: Effect.Effect<RateLimiter.RateLimiter, unknown>) => {
  const reached = Effect.mapError(reach, () => unreachable)
  return RateLimiter.RateLimiter.of({
    [RateLimiter.TypeId]: RateLimiter.TypeId,
    consume: (options) => Effect.flatMap(reached, (limiter) => limiter.consume(options)),
    adaptiveConsume: (options) => Effect.flatMap(reached, (limiter) => limiter.adaptiveConsume(options)),
    adaptiveFeedback: (options) => Effect.flatMap(reached, (limiter) => limiter.adaptiveFeedback(options))
  })
}
