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

  it("is below 1 for ages below the first edge, and in the last bin for ages far beyond a day", () => {
    assert.isBelow(placeOf(99), 1)
    assert.isFinite(placeOf(0))
    assert.isAtMost(Math.floor(placeOf(longest)), bins.length - 1)
    assert.strictEqual(Math.floor(placeOf(1e300)), bins.length - 1)
  })
})

describe("spread", () => {
  it.prop(
    "lets an operation reach the first bin, each next bin with no higher chance, and end once",
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

  it("centres the end on where it was observed, within a few bins", () => {
    const from = ends[19] ?? 0
    const { ended, reached } = spread({ from, to: from + 1 }, 1)
    assert.closeTo(reached[20] ?? 0, 0.5, 0.01)
    assert.closeTo(sum(ended.slice(15, 25)), 1, 0.001)
    assert.isBelow(ended[10] ?? 1, 1e-6)
    assert.isBelow(ended[30] ?? 1, 1e-6)
  })

  it("spreads the end evenly over its interval", () => {
    const { ended } = spread({ from: ends[19] ?? 0, to: ends[29] ?? 0 }, 0.35)
    for (const bin of bins.slice(22, 28)) assert.closeTo(ended[bin] ?? 0, 0.1, 1e-3)
  })

  it("lets an operation without a detected end reach all bins up to its age, and end in none", () => {
    const { ended, reached } = spread({ from: Math.sqrt((ends[19] ?? 0) * (ends[20] ?? 0)), to: Infinity }, 2)
    assert.deepStrictEqual(reached.slice(0, 20), Array.from({ length: 20 }, () => 1))
    assert.closeTo(reached[20] ?? 0, 0.5, 1e-9)
    assert.strictEqual(sum(reached.slice(21)), 0)
    assert.deepStrictEqual(ended, bins.map(() => 0))
  })
})
