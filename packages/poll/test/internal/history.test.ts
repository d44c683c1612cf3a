import { assert, describe, it } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { longest } from "../../src/internal/bins.ts"
import * as History from "../../src/internal/history.ts"

const start = 1_767_225_600_000
const at = (age: number) => DateTime.makeUnsafe(start + age)

const recorded = (sighting: Partial<Record<"underWay" | "seen" | "completed", number>>) =>
  History.record(History.empty, {
    startedAt: at(0),
    underWayAt: sighting.underWay === undefined ? undefined : at(sighting.underWay),
    seenAt: sighting.seen === undefined ? undefined : at(sighting.seen),
    completed: sighting.completed === undefined ? undefined : at(sighting.completed)
  }).operations

describe("Observation", () => {
  it.each([
    [{ at: start, from: 0, to: 1 }, true],
    [{ at: start, from: 5 }, true],
    [{ at: start, from: 5, to: 5 }, false],
    [{ at: start, from: 5, to: 4 }, false],
    [{ at: start, from: longest + 1 }, false]
  ])("of %j is one: %s", (value, isOne) => assert.strictEqual(Schema.is(History.Observation)(value), isOne))
})

describe("record", () => {
  it.each([
    ["ended between two polls", { underWay: 2000, seen: 3500 }, { at: start + 3500, from: 2000, to: 3500 }],
    ["ended before the first poll", { seen: 3500 }, { at: start + 3500, from: 0, to: 3500 }],
    ["was under way last", { underWay: 2000 }, { at: start + 2000, from: 2000 }],
    ["ended in a second", { underWay: 500, seen: 9000, completed: 4000 }, { at: start + 9000, from: 4000, to: 5000 }],
    [
      "ended in the second of its last poll",
      { underWay: 4400, seen: 4700, completed: 4000 },
      { at: start + 4700, from: 4400, to: 4700 }
    ],
    [
      "ended at a millisecond",
      { underWay: 500, seen: 9000, completed: 4001 },
      { at: start + 9000, from: 4001, to: 4002 }
    ],
    [
      "ended after it was seen, by a clock that was set",
      { underWay: 500, seen: 900, completed: 60_000 },
      { at: start + 900, from: 500, to: 900 }
    ],
    [
      "ended just as it was seen",
      { underWay: 500, seen: 2000, completed: 2000 },
      { at: start + 2000, from: 500, to: 2000 }
    ],
    ["took more than a day", { underWay: longest, seen: longest + 5 }, { at: start + longest + 5, from: longest }],
    [
      "took a day",
      { underWay: longest - 5, seen: longest + 5 },
      { at: start + longest + 5, from: longest - 5, to: longest }
    ]
  ])("what %s", (_, sighting, observation) => assert.deepStrictEqual(recorded(sighting), [observation]))

  it.each([
    ["neither under way nor ended", {}],
    ["under way before it began", { underWay: -10 }],
    ["ended as early as it was under way", { underWay: 500, seen: 500 }],
    ["ended before it began", { seen: -500 }]
  ])("has nothing of what was seen %s", (_, sighting) => assert.deepStrictEqual(recorded(sighting), []))
})

const observation = Schema.Struct({
  at: Schema.Int.check(Schema.isBetween({ minimum: start, maximum: start + 3 })),
  from: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 })),
  to: Schema.optionalKey(Schema.Literals([10, 11, longest - 1]))
})
const history = Schema.Struct({
  version: Schema.Literal(1),
  operations: Schema.Array(observation).check(Schema.isMaxLength(12))
})

describe("merge", () => {
  it.prop(
    "returns the same result in either order",
    { one: history, other: history },
    ({ one, other }) => assert.deepStrictEqual(History.merge(one, other), History.merge(other, one))
  )

  it("sorts by time, then by age, and for equal ages those without a detected end last", () => {
    const sorted = [
      { at: start, from: 1, to: 2 },
      { at: start, from: 1, to: 3 },
      { at: start, from: 1 },
      { at: start, from: 2, to: 3 },
      { at: start + 1, from: 0, to: 1 }
    ]
    const merged = History.merge({ version: 1, operations: sorted.toReversed() }, History.empty)
    assert.deepStrictEqual(merged.operations, sorted)
  })

  it("keeps the last 256", () => {
    const operations = Array.from({ length: 256 }, (_, index) => ({ at: start + index, from: 1, to: 2 }))
    const newer = { at: start + 1000, from: 1, to: 2 }
    assert.deepStrictEqual(
      History.merge({ version: 1, operations: [newer] }, { version: 1, operations }).operations,
      [...operations.slice(1), newer]
    )
  })
})
