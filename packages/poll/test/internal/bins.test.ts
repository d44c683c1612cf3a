import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { bins, ends, longest, placeOf, spread } from "../../src/internal/bins.ts"

const age = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longest }))
const blur = Schema.Literals([0.35, 1, 2, 4])

const sum = (all: ReadonlyArray<number>) => all.reduce((total, one) => total + one, 0)

describe("placeOf", () => {
  it("is the number of the bin, and how far into it the age is", () => {
    for (const bin of bins.slice(1, -1)) {
      const from = ends[bin - 1] ?? 0
      const to = ends[bin] ?? 0
      assert.closeTo(placeOf(from), bin, 1e-9)
      assert.closeTo(placeOf(Math.sqrt(from * to)), bin + 0.5, 1e-9)
    }
  })

  it("is below 1 for what is shorter than the first edge, and in the last bin for whatever is far longer than a day", () => {
    assert.isBelow(placeOf(99), 1)
    assert.isFinite(placeOf(0))
    assert.isAtMost(Math.floor(placeOf(longest)), bins.length - 1)
    assert.strictEqual(Math.floor(placeOf(1e300)), bins.length - 1)
  })
})

describe("spread", () => {
  it.prop(
    "has an operation reach the first bin, reach no bin more than the one before, and end once",
    { from: age, width: age, blur },
    ({ blur, from, width }) => {
      const { ended, reached } = spread({ from, to: from + width }, blur)
      assert.strictEqual(reached[0], 1)
      assert.closeTo(sum(ended), 1, 1e-9)
      for (const bin of bins) {
        assert.closeTo((reached[bin] ?? 0) - (ended[bin] ?? 0), reached[bin + 1] ?? 0, 1e-9)
        assert.isAtLeast(ended[bin] ?? -1, 0)
      }
    }
  )

  it("has it end around where it did: as much before as after, and all of it within some bins", () => {
    const from = ends[19] ?? 0
    const { ended, reached } = spread({ from, to: from + 1 }, 1)
    assert.closeTo(reached[20] ?? 0, 0.5, 0.01)
    assert.closeTo(sum(ended.slice(15, 25)), 1, 0.001)
    assert.isBelow(ended[10] ?? 1, 1e-6)
    assert.isBelow(ended[30] ?? 1, 1e-6)
  })

  it("has it end anywhere in its interval alike", () => {
    const { ended } = spread({ from: ends[19] ?? 0, to: ends[29] ?? 0 }, 0.35)
    for (const bin of bins.slice(22, 28)) assert.closeTo(ended[bin] ?? 0, 0.1, 1e-3)
  })

  it("has what was not detected to end reach every bin before, a part of its own and none after, and end nowhere", () => {
    const { ended, reached } = spread({ from: Math.sqrt((ends[19] ?? 0) * (ends[20] ?? 0)), to: Infinity }, 2)
    assert.deepStrictEqual(reached.slice(0, 20), Array.from({ length: 20 }, () => 1))
    assert.closeTo(reached[20] ?? 0, 0.5, 1e-9)
    assert.strictEqual(sum(reached.slice(21)), 0)
    assert.deepStrictEqual(ended, bins.map(() => 0))
  })
})
