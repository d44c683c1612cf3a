import { assert, describe, it } from "@effect/vitest"
import * as Overdue from "../../src/internal/overdue.ts"

// What comes of queues of so many polls at so many seconds; one poll in two seconds is let through.
const after = (queues: ReadonlyArray<readonly [seconds: number, size: number]>) =>
  queues.reduce<Overdue.Overdue | undefined>(
    (overdue, [seconds, size]) => Overdue.observe(overdue, 1000 * seconds, { size, sent: 100 + seconds / 2 }),
    undefined
  )

const warningAt = (seconds: number, size: number, queues: ReadonlyArray<readonly [seconds: number, size: number]>) =>
  Overdue.warning(after(queues), 1000 * seconds, { size, sent: 100 + seconds / 2 })

describe("observe", () => {
  it("records since when the queue has not been empty, and its length half a minute later", () => {
    assert.isUndefined(after([[10, 0]]))
    assert.deepStrictEqual(after([[10, 5], [20, 9]]), { since: 10_000, sentBefore: 105, sizeAtHalf: undefined })
    assert.deepStrictEqual(after([[10, 5], [39.9, 7]])?.sizeAtHalf, undefined)
    assert.deepStrictEqual(after([[10, 5], [40, 7], [50, 9]])?.sizeAtHalf, 7)
  })

  it("forgets all of it once the queue is empty", () => {
    assert.isUndefined(after([[10, 5], [40, 7], [50, 0]]))
    assert.strictEqual(after([[10, 5], [50, 0], [60, 3]])?.since, 60_000)
  })
})

describe("seconds", () => {
  it("counts for how long the queue has not been empty", () => {
    assert.strictEqual(Overdue.seconds(undefined, 5000), 0)
    assert.strictEqual(Overdue.seconds(after([[10, 5]]), 12_500), 2.5)
  })
})

describe("warning", () => {
  it.each([
    ["grows after a minute", 70, 8, true],
    ["stays as it is after a minute", 70, 7, true],
    ["shrinks after a minute", 70, 6, false],
    ["grows for less than a minute", 69.9, 8, false]
  ])(
    "where the queue %s",
    (_, seconds, size, isWarned) =>
      assert.strictEqual(warningAt(seconds, size, [[10, 5], [40, 7]]) !== undefined, isWarned)
  )

  it("is none if the length after half a minute is unknown", () => assert.isUndefined(warningAt(70, 8, [[10, 5]])))

  it("says how many polls are queued, how many are sent, and the consequence", () =>
    assert.strictEqual(
      warningAt(70, 8, [[10, 5], [40, 7]]),
      "Request budget too small: 8 polls queued, 0.5 polls per second. "
        + "Nothing is lost, but completion will be detected late."
    ))
})
