import { assert, describe, it } from "@effect/vitest"
import { Cause, Config, Duration, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Reach from "../../../src/internal/budget/reach.ts"

const { RateLimiter: Limiter } = RateLimiter

const options = {
  algorithm: "fixed-window",
  onExceeded: "delay",
  key: "key",
  limit: 1,
  window: Duration.minutes(1)
} as const

/** A store whose layer is built as a script says, and what became of its scopes. */
const scripted = (
  ...attempts: ReadonlyArray<Effect.Effect<void, RateLimiter.RateLimiterError | Config.ConfigError>>
) => {
  let built = 0
  let opened = 0
  const layer = Layer.effect(
    Limiter,
    Effect.gen(function*() {
      yield* Effect.acquireRelease(Effect.sync(() => opened++), () => Effect.sync(() => opened--))
      yield* attempts[built++] ?? Effect.void
      return yield* RateLimiter.make
    })
  ).pipe(Layer.provide(RateLimiter.layerStoreMemory))
  return { layer, built: () => built, opened: () => opened }
}

const make = Effect.fnUntraced(function*<E>(layer: Layer.Layer<RateLimiter.RateLimiter, E>) {
  const scope = yield* Scope.make()
  const limiter = yield* Reach.make(layer, scope, Duration.seconds(1))
  return { limiter, scope }
})

const refused = Effect.fail(
  new RateLimiter.RateLimiterError({
    reason: new RateLimiter.RateLimitStoreError({ message: "redis://me:s3cret@host refused" })
  })
)

describe("a store that can be reached", () => {
  it.effect("is built once and answers every call", () =>
    Effect.gen(function*() {
      const store = scripted()
      const { limiter } = yield* make(store.layer)
      assert.strictEqual((yield* limiter.consume(options)).delay.valueOf(), Duration.zero.valueOf())
      assert.isAbove(Duration.toMillis((yield* limiter.consume(options)).delay), 0)
      assert.strictEqual(store.built(), 1)
      const adaptive = { key: "adaptive", tokens: 1, fallbackLimit: 10, fallbackWindow: Duration.minutes(1) }
      const { epoch } = yield* limiter.adaptiveConsume(adaptive)
      yield* limiter.adaptiveFeedback({
        key: "adaptive",
        epoch,
        tokens: 1,
        status: 429,
        retryAfter: Duration.minutes(1)
      })
      assert.isAbove(Duration.toMillis((yield* limiter.adaptiveConsume(adaptive)).delay), 0)
    }))

  it.effect("is closed with its scope", () =>
    Effect.gen(function*() {
      const store = scripted()
      const { scope } = yield* make(store.layer)
      assert.strictEqual(store.opened(), 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(store.opened(), 0)
    }))
})

describe("a store that refuses", () => {
  it.effect("does not fail the layer, leaves nothing open, and is tried again by the next call", () =>
    Effect.gen(function*() {
      const store = scripted(refused, refused)
      const { limiter } = yield* make(store.layer)
      assert.deepStrictEqual([store.built(), store.opened()], [1, 0])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(limiter.consume(options))))
      assert.deepStrictEqual([store.built(), store.opened()], [2, 0])
      yield* limiter.consume(options)
      yield* limiter.consume(options)
      assert.deepStrictEqual([store.built(), store.opened()], [3, 1])
    }))

  it.effect("leaves none of its dependencies open", () =>
    Effect.gen(function*() {
      let opened = 0
      const client = Layer.effectDiscard(
        Effect.acquireRelease(Effect.sync(() => opened++), () => Effect.sync(() => opened--))
      )
      yield* make(Layer.provide(scripted(refused).layer, client))
      assert.strictEqual(opened, 0)
    }))

  it.effect("is reported without details, which may be secret", () =>
    Effect.gen(function*() {
      const { limiter } = yield* make(scripted(refused, refused, refused, refused).layer)
      for (const exit of [yield* Effect.exit(limiter.consume(options))]) {
        const text = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
        assert.include(text, "it cannot be reached")
        assert.notInclude(text, "s3cret")
      }
    }))

  it.effect("because of its configuration fails the layer", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(make(scripted(Effect.asVoid(Config.String("REDIS_URL"))).layer))
      assert.isTrue(Exit.isFailure(exit))
    }))
})

describe("a store that does not answer", () => {
  it.effect("is waited for up to the patience, with one attempt for all calls", () =>
    Effect.gen(function*() {
      const store = scripted(Effect.delay(Effect.void, "10 seconds"))
      const making = yield* Effect.forkChild(make(store.layer))
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(making.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const { limiter } = yield* Fiber.join(making)
      const calls = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(limiter.consume(options)))
      yield* TestClock.adjust("9 seconds")
      for (const call of calls) yield* Fiber.join(call)
      assert.strictEqual(store.built(), 1)
    }))

  it.effect("is abandoned when the scope closes", () =>
    Effect.gen(function*() {
      let isGivenUp = false
      const store = scripted(Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          isGivenUp = true
        })))
      const making = yield* Effect.forkChild(make(store.layer))
      yield* TestClock.adjust("1 second")
      const { scope } = yield* Fiber.join(making)
      assert.deepStrictEqual([store.opened(), isGivenUp], [1, false])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual([store.opened(), isGivenUp], [0, true])
    }))
})
