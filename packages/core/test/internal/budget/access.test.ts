import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Logger } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Access from "../../../src/internal/budget/access.ts"
import * as RequestBudget from "../../../src/RequestBudget.ts"

type Consume = RateLimiter.RateLimiter["consume"]

/** A budget in a store, which other processes use too, and how often the store is asked. */
const shared = (settings: Partial<RequestBudget.Settings> = {}, around = (consume: Consume): Consume => consume) =>
  Effect.gen(function*() {
    const memory = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
    let asked = 0
    const limiter = RateLimiter.RateLimiter.of({
      ...memory,
      consume: (options) =>
        Effect.suspend(() => {
          asked += 1
          return around(memory.consume)(options)
        })
    })
    const access = yield* Effect.withFiber((fiber) =>
      Effect.sync(() => Access.open(fiber, { ...RequestBudget.defaults, ...settings, limiter }, "key"))
    )
    const sentElsewhere = (requests: number) =>
      memory.consume({
        algorithm: "fixed-window",
        onExceeded: "delay",
        key: "key",
        limit: 1,
        window: Duration.millis(access.bucket.interval),
        tokens: requests
      })
    // The store replies in a fiber of its own.
    const count = Effect.andThen(Effect.sync(() => Access.count(access)), TestClock.adjust(0))
    return { access, asked: () => asked, count, left: () => Access.left(access).left.requests, sentElsewhere }
  })

describe("a request of the application", () => {
  it.effect("learns from the store the requests of other processes", () =>
    Effect.gen(function*() {
      const { count, left, sentElsewhere } = yield* shared()
      yield* sentElsewhere(50)
      assert.strictEqual(left(), 96)
      yield* count
      assert.strictEqual(left(), 96 - 51)
    }))

  it.effect("is not added to a store that is full, until it has drained", () =>
    Effect.gen(function*() {
      const { asked, count, sentElsewhere } = yield* shared()
      yield* sentElsewhere(1000)
      yield* count
      yield* count
      assert.strictEqual(asked(), 1)
      yield* TestClock.adjust("5 minutes")
      yield* count
      assert.strictEqual(asked(), 2)
    }))

  it.effect("is counted only by this process if the store is gone", () =>
    Effect.gen(function*() {
      const { count, left } = yield* shared({}, () => () => Effect.die("gone"))
      yield* Effect.provide(count, Logger.layer([]))
      assert.strictEqual(left(), 95)
    }))

  it.effect("is not added to a store if there is no limit", () =>
    Effect.gen(function*() {
      const { asked, count, left } = yield* shared({ limit: Number.POSITIVE_INFINITY })
      yield* count
      assert.deepStrictEqual([asked(), left()], [0, Number.POSITIVE_INFINITY])
    }))
})
