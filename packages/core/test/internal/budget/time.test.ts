import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Time from "../../../src/internal/budget/time.ts"

// A clock whose time of day is an hour wrong, and the sleeps that it was asked for.
const wrong = Effect.gen(function*() {
  const clock = yield* TestClock.testClockWith(Effect.succeed)
  const sleeps: Array<number> = []
  const own: Clock.Clock = {
    ...clock,
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + 3_600_000,
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + 3_600_000_000_000n,
    sleep: (duration) => {
      sleeps.push(Duration.toMillis(duration))
      return clock.sleep(duration)
    }
  }
  return { own, sleeps }
})

describe("withoutTimeOfDay", () => {
  it.effect("replaces the time of day by the monotonic clock, and nothing else", () =>
    Effect.gen(function*() {
      const { own, sleeps } = yield* wrong
      yield* TestClock.adjust("1500 millis")
      const clock = Time.withoutTimeOfDay(own)
      assert.strictEqual(clock.currentTimeMillisUnsafe(), 1500)
      assert.strictEqual(yield* clock.currentTimeMillis, 1500)
      assert.strictEqual(clock.monotonicTimeNanosUnsafe(), own.monotonicTimeNanosUnsafe())
      assert.strictEqual(clock.currentTimeNanosUnsafe(), own.currentTimeNanosUnsafe())
      yield* Effect.forkChild(clock.sleep(Duration.seconds(2)))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(sleeps, [2000])
    }))
})

describe("timer", () => {
  it.effect.each<[number, number]>([[0, 1], [-5, 1], [0.2, 1], [10.2, 11], [1e12, 2 ** 31 - 1]])(
    "of %d ms is one of whole milliseconds that a timer can count",
    ([millis, slept]) =>
      Effect.gen(function*() {
        const { own, sleeps } = yield* wrong
        const timer = Time.timer(own, millis, () => {})
        assert.deepStrictEqual(sleeps, [slept])
        timer.stop()
      })
  )

  it.effect("rings once, and not at all once it was stopped", () =>
    Effect.gen(function*() {
      const { own } = yield* wrong
      let rings = 0
      Time.timer(own, 1000, () => rings++)
      const stopped = Time.timer(own, 1000, () => rings += 100)
      stopped.stop()
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(rings, 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(rings, 1)
    }))
})
