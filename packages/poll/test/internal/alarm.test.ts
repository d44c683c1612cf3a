import { assert, describe, it } from "@effect/vitest"
import { type Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Alarm from "../../src/internal/alarm.ts"
import { forking } from "../Scripted.ts"

describe("an alarm", () => {
  const ringing = Effect.gen(function*() {
    const { clock, fork, sleepers } = yield* forking
    const rings: Array<number> = []
    const alarm = Alarm.make(clock, fork, () => rings.push(Alarm.monotonicMillis(clock)))
    return { alarm, rings, sleepers, began: Alarm.monotonicMillis(clock) }
  })

  it.effect("rings once, at the earliest time it was set to", () =>
    Effect.gen(function*() {
      const { alarm, began, rings, sleepers } = yield* ringing
      alarm.set(began + 3000)
      alarm.set(began + 1000)
      alarm.set(began + 2000)
      assert.strictEqual(sleepers(), 1)
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(rings, [])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(rings, [began + 1000])
      assert.strictEqual(sleepers(), 0)
      alarm.set(began + 3_700_000)
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(rings, [began + 1000, began + 3_700_000])
    }))

  it.effect("rings after a millisecond for a past time, and never a fraction early", () =>
    Effect.gen(function*() {
      const { alarm, began, rings } = yield* ringing
      alarm.set(began - 5000)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(rings, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(rings, [began + 1])
      alarm.set(began + 3.25)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(rings, [began + 1, began + 4])
    }))

  it.effect("does not ring after it was stopped, and can be set again", () =>
    Effect.gen(function*() {
      const { alarm, began, rings, sleepers } = yield* ringing
      alarm.stop()
      alarm.set(began + 1000)
      alarm.stop()
      assert.strictEqual(sleepers(), 0)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(rings, [])
      alarm.set(began + 61_000)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(rings, [began + 61_000])
    }))

  it.effect("starts a new timer if it is set to the same time again after 100 ms, and not before", () =>
    Effect.gen(function*() {
      const { clock, fork } = yield* forking
      let timers = 0
      const alarm = Alarm.make(clock, (effect) => {
        timers += 1
        return fork(effect)
      }, () => {})
      const at = Alarm.monotonicMillis(clock) + 1000
      alarm.set(at)
      alarm.set(at)
      yield* TestClock.adjust("99 millis")
      alarm.set(at)
      assert.strictEqual(timers, 1)
      yield* TestClock.adjust(1)
      alarm.set(at)
      assert.strictEqual(timers, 2)
    }))

  it.effect("rings even if its timer died, if it is set to the same time after 100 ms", () =>
    Effect.gen(function*() {
      const { clock, fork } = yield* forking
      const rings: Array<number> = []
      let isDead = true
      const worker: Clock.Clock = { ...clock, sleep: (duration) => isDead ? Effect.never : clock.sleep(duration) }
      const alarm = Alarm.make(worker, fork, () => rings.push(Alarm.monotonicMillis(clock)))
      const began = Alarm.monotonicMillis(clock)
      alarm.set(began + 1000)
      isDead = false
      yield* TestClock.adjust("99 millis")
      alarm.set(began + 3000)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(rings, [])
      alarm.set(began + 3000)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(rings, [began + 2100])
    }))
})
