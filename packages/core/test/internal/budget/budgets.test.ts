import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Budgets from "../../../src/internal/budget/budgets.ts"

const hour = 60 * 60_000
const terms = { share: 0.8, limit: { limit: 1200, window: 300_000 } }

const testClock = TestClock.testClockWith(Effect.succeed)

describe("the budgets of a process", () => {
  it.effect("are one for each key and clock", () =>
    Effect.gen(function*() {
      const clock = yield* testClock
      const other: Clock.Clock = { ...clock }
      assert.strictEqual(Budgets.of(clock, "a", 0), Budgets.of(clock, "a", 1000))
      assert.notStrictEqual(Budgets.of(clock, "a", 0), Budgets.of(clock, "b", 0))
      assert.notStrictEqual(Budgets.of(clock, "a", 0), Budgets.of(other, "a", 0))
    }))

  it.effect("are forgotten an hour after their last use, when another is created", () =>
    Effect.gen(function*() {
      const clock = yield* testClock
      const old = Budgets.of(clock, "old", 0)
      old.count(0, terms)
      const used = Budgets.of(clock, "used", 0)
      used.count(hour, terms)
      Budgets.of(clock, "new", hour - 1)
      assert.strictEqual(Budgets.of(clock, "old", hour), old)
      Budgets.of(clock, "newer", hour + 600_000)
      assert.notStrictEqual(Budgets.of(clock, "old", hour + 600_000), old)
      assert.strictEqual(Budgets.of(clock, "used", hour + 600_000), used)
    }))
})
