import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Alarm from "../../src/internal/alarm.ts"
import * as Timers from "../../src/internal/timers.ts"
import { forking } from "../Scripted.ts"

describe("timers", () => {
  const timing = Effect.gen(function*() {
    const { clock, fork, sleepers } = yield* forking
    const rings: Array<readonly [string, number]> = []
    const began = Alarm.monotonicMillis(clock)
    const timers = Timers.make(clock, fork)
    const timed = (name: string): Timers.Timed => ({
      ring: () => rings.push([name, Alarm.monotonicMillis(clock) - began]),
      at: 0,
      order: 0,
      slot: -1
    })
    return { began, rings, sleepers, timed, timers }
  })

  it.effect("ring once each, at their times and in order, on one sleeping fiber", () =>
    Effect.gen(function*() {
      const { began, rings, sleepers, timed, timers } = yield* timing
      const [a, b, c] = [timed("a"), timed("b"), timed("c")]
      timers.set(a, began + 3000)
      timers.set(b, began + 1000)
      timers.set(c, began + 1000)
      assert.deepStrictEqual([timers.size(), sleepers()], [3, 1])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(rings, [["b", 1000], ["c", 1000], ["a", 3000]])
      assert.deepStrictEqual([timers.size(), sleepers()], [0, 0])
    }))

  it.effect("ring at the time they were last set to, and never for Infinity", () =>
    Effect.gen(function*() {
      const { began, rings, timed, timers } = yield* timing
      const [a, b, c] = [timed("a"), timed("b"), timed("c")]
      timers.set(a, began + 1000)
      timers.set(a, began + 5000)
      timers.set(b, began + 5000)
      timers.set(b, began + 2000)
      timers.set(c, began + 1000)
      timers.set(c, Number.POSITIVE_INFINITY)
      assert.strictEqual(timers.size(), 2)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(rings, [["b", 2000], ["a", 5000]])
    }))

  it.effect("do not ring once cleared, and end the sleeping fiber with the last", () =>
    Effect.gen(function*() {
      const { began, rings, sleepers, timed, timers } = yield* timing
      const [a, b] = [timed("a"), timed("b")]
      timers.set(a, began + 1000)
      timers.set(b, began + 2000)
      timers.clear(a)
      assert.deepStrictEqual([timers.size(), sleepers()], [1, 1])
      timers.clear(b)
      timers.clear(b)
      assert.deepStrictEqual([timers.size(), sleepers()], [0, 0])
      timers.set(a, began + 4000)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(rings, [["a", 4000]])
    }))

  it.effect("do not ring once stopped", () =>
    Effect.gen(function*() {
      const { began, rings, sleepers, timed, timers } = yield* timing
      timers.set(timed("a"), began + 1000)
      timers.stop()
      assert.strictEqual(sleepers(), 0)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(rings, [])
    }))

  it.effect("can be set anew while they ring", () =>
    Effect.gen(function*() {
      const { clock, fork } = yield* forking
      const timers = Timers.make(clock, fork)
      const rings: Array<number> = []
      const began = Alarm.monotonicMillis(clock)
      const often: Timers.Timed = {
        ring: () => {
          rings.push(Alarm.monotonicMillis(clock) - began)
          if (rings.length < 3) timers.set(often, Alarm.monotonicMillis(clock) + 10)
        },
        at: 0,
        order: 0,
        slot: -1
      }
      timers.set(often, began + 10)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(rings, [10, 20, 30])
    }))
})
