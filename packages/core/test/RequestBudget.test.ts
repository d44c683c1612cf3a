import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Layer, Redacted } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Credentials from "../src/Credentials.ts"
import * as Key from "../src/internal/budget/key.ts"
import * as RequestBudget from "../src/RequestBudget.ts"
import { as, cloudflare, type Reply } from "./internal/budget/sending.ts"

const credentials = Credentials.apiToken(Redacted.make("s3cret"))
const key = Key.of(credentials, RequestBudget.defaultBaseUrl)

const sending = (answer?: () => Reply) => {
  const { send, times } = cloudflare(answer)
  return { send: send("/a", key), times }
}

const full: RequestBudget.Left = {
  remaining: 96,
  waiting: 0,
  blockedFor: Duration.zero,
  isShort: false,
  isLocal: false
}

describe("what is left of a budget", () => {
  it.effect("is a tenth of the share before anything was sent", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* RequestBudget.left(credentials), full)
    }))

  it.effect("decreases with each request, and recovers with time", () =>
    Effect.gen(function*() {
      yield* Effect.forkChild(sending().send)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* RequestBudget.left(credentials), { ...full, remaining: 95 })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* RequestBudget.left(credentials), full)
    }))

  it.effect("differs between credentials and between base URLs", () =>
    Effect.gen(function*() {
      yield* Effect.forkChild(sending().send)
      yield* TestClock.adjust(0)
      const other = Credentials.apiToken(Redacted.make("other"))
      assert.deepStrictEqual(yield* RequestBudget.left(other), full)
      assert.deepStrictEqual(yield* RequestBudget.left(credentials, "https://example.com"), full)
    }))

  it.effect("is short while requests wait", () =>
    Effect.gen(function*() {
      const { send } = sending()
      yield* Effect.forkChild(Effect.forEach(Array.from({ length: 96 }), () => send, { concurrency: "unbounded" }))
      yield* Effect.forkChild(Effect.forEach([1, 2], () => as("bulk")(send), { concurrency: "unbounded" }))
      yield* TestClock.adjust(0)
      const left = yield* RequestBudget.left(credentials)
      assert.deepStrictEqual(left, { ...full, remaining: 0, waiting: 2, isShort: true })
    }))

  it.effect("shows how long a block lasts", () =>
    Effect.gen(function*() {
      const { send } = sending(() => ({ status: 429, codes: [971], retryAfter: "1 minute" }))
      yield* Effect.forkChild(send)
      yield* TestClock.adjust("10100 millis")
      const { blockedFor, isShort } = yield* RequestBudget.left(credentials)
      assert.deepStrictEqual(blockedFor, Duration.seconds(50))
      assert.isTrue(isShort)
      yield* TestClock.adjust("50 seconds")
      assert.deepStrictEqual(yield* RequestBudget.left(credentials), full)
    }))

  it.effect("shows that the store is gone", () =>
    Effect.gen(function*() {
      const { send } = sending()
      const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
      const gone: RateLimiter.RateLimiter = { ...limiter, consume: () => Effect.die("gone") }
      const run = Effect.gen(function*() {
        assert.isFalse((yield* RequestBudget.left(credentials)).isLocal)
        yield* Effect.forkChild(as("poll")(send))
        yield* TestClock.adjust(0)
        const { isLocal, remaining } = yield* RequestBudget.left(credentials)
        assert.deepStrictEqual([isLocal, remaining], [true, 95])
      })
      yield* Effect.provide(run, RequestBudget.layerStore(Layer.succeed(RateLimiter.RateLimiter, gone)))
    }))

  it.effect("is short while a request waits for the store", () =>
    Effect.gen(function*() {
      const { send } = sending()
      const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
      const slow = { ...limiter, consume: () => Effect.never }
      const run = Effect.gen(function*() {
        yield* Effect.forkChild(as("poll")(send))
        yield* TestClock.adjust("100 millis")
        const { isShort, waiting } = yield* RequestBudget.left(credentials)
        assert.deepStrictEqual([isShort, waiting], [true, 1])
      })
      yield* Effect.provide(run, RequestBudget.layerStore(Layer.succeed(RateLimiter.RateLimiter, slow)))
    }))

  it.effect("counts requests of other processes once the store has reported them", () =>
    Effect.gen(function*() {
      const { send } = sending()
      const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
      yield* limiter.consume({
        algorithm: "fixed-window",
        onExceeded: "delay",
        key,
        limit: 1,
        window: "20 seconds"
      })
      const run = Effect.gen(function*() {
        yield* Effect.forkChild(as("poll")(send))
        yield* TestClock.adjust(0)
        return yield* RequestBudget.left(credentials)
      })
      const store = RequestBudget.layerStore(Layer.succeed(RateLimiter.RateLimiter, limiter))
      const { remaining } = yield* Effect.provide(run, store)
      // 20 seconds and one request drain at one request in 347 ms.
      assert.strictEqual(remaining, 37)
    }))
})

const leftWith = (settings: Partial<RequestBudget.Settings>) =>
  Effect.provide(RequestBudget.left(credentials), RequestBudget.layer(settings))

describe("the settings", () => {
  it.effect("are replaced one by one, and others kept", () =>
    Effect.gen(function*() {
      const inner = Effect.provide(RequestBudget.RequestBudget, RequestBudget.layer({ limit: 600 }))
      const settings = yield* Effect.provide(inner, RequestBudget.layer({ share: 0.5 }))
      assert.deepStrictEqual(settings, { ...RequestBudget.defaults, limit: 600, share: 0.5 })
    }))

  it.effect("leave those that are undefined", () =>
    Effect.gen(function*() {
      const settings = JSON.parse(`{ "share": 0.5 }`)
      const layer = RequestBudget.layer({ limit: 600, window: "1 minute", ...settings })
      const undone = RequestBudget.layer({ limit: settings.none, share: settings.none, window: settings.none })
      const inner = yield* Effect.provide(RequestBudget.RequestBudget, Layer.provide(undone, layer))
      assert.deepStrictEqual([inner.limit, inner.share, inner.window], [600, 0.5, Duration.minutes(1)])
    }))

  it.effect("may differ between uses of the same budget", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* leftWith({ limit: 100, share: 1 })).remaining, 10)
      assert.strictEqual((yield* leftWith({ limit: Number.POSITIVE_INFINITY })).remaining, Number.POSITIVE_INFINITY)
      assert.strictEqual((yield* leftWith({ window: "1 minute", share: 0.5 })).remaining, 60)
    }))

  for (
    const [settings, text] of [
      [{ limit: 0 }, "limit of the request budget is 0. It must be 1 or more."],
      [{ limit: Number.NaN }, "limit of the request budget is NaN."],
      [{ share: 80 }, "share of the request budget is 80. It must be above 0 and at most 1: 0.8 for 80 %."],
      [{ share: 0 }, "share of the request budget is 0."],
      [{ window: 0 }, "window of the request budget is 0. It must be longer than zero, and finite."],
      [{ window: Duration.infinity }, "window of the request budget is Infinity."],
      [{ window: JSON.parse(`"5m"`) }, `window of the request budget is "5m", which is no duration.`]
    ] as const
  ) {
    it.effect(`are refused if invalid: ${JSON.stringify(settings)}`, () =>
      Effect.gen(function*() {
        const store = RequestBudget.layerStore(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory), settings)
        for (const layer of [RequestBudget.layer(settings), store]) {
          const exit = yield* Effect.exit(Effect.scoped(Layer.build(layer)))
          const defect = Exit.isFailure(exit) && Cause.squash(exit.cause)
          assert(defect instanceof RangeError)
          assert.include(defect.message, text)
        }
      }))
  }
})
