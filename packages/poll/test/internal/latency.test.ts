import { assert, describe, it } from "@effect/vitest"
import * as Latency from "../../src/internal/latency.ts"

describe("the lead of a last poll", () => {
  it("is zero if answers take no time, else at least 50 ms, as a cold connection takes longer", () => {
    assert.strictEqual(Latency.lead({ mean: 0, deviation: 0 }), 0)
    assert.strictEqual(Latency.lead({ mean: 1, deviation: 0 }), 50)
    assert.strictEqual(Latency.lead({ mean: 0, deviation: 1 }), 50)
  })

  it("is the mean and four deviations, and five seconds at most", () => {
    assert.strictEqual(Latency.lead({ mean: 100, deviation: 20 }), 180)
    assert.strictEqual(Latency.lead({ mean: 3000, deviation: 600 }), 5000)
  })

  it("covers at least eleven of twelve answers that take 40 to 120 ms", () => {
    let seed = 1
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    let estimate: Latency.Estimate | undefined
    let covered = 0
    for (let index = 0; index < 1200; index++) {
      const took = 40 + 80 * next()
      if (estimate !== undefined && took <= Latency.lead(estimate)) covered += 1
      estimate = Latency.observe(estimate, took)
    }
    assert.isAtLeast(covered, 1100)
  })
})

describe("an estimate of latency", () => {
  it("follows RFC 6298", () => {
    const first = Latency.observe(undefined, 100)
    assert.deepStrictEqual(first, { mean: 100, deviation: 50 })
    assert.deepStrictEqual(Latency.observe(first, 180), { mean: 110, deviation: 57.5 })
    assert.deepStrictEqual(Latency.observe(first, 20), { mean: 90, deviation: 57.5 })
  })

  it("is the median of the latest 16 answers of other operations until it has its own", () => {
    assert.deepStrictEqual(Latency.guess([]), { mean: 0, deviation: 0 })
    assert.deepStrictEqual(Latency.guess([40, 6000, 50]), { mean: 50, deviation: 25 })
    assert.deepStrictEqual(Latency.guess([7, 9]), { mean: 9, deviation: 4.5 })
    let recent: Latency.Recent = []
    for (let took = 1; took <= 20; took++) recent = Latency.remember(recent, took)
    assert.deepStrictEqual(recent, [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  })
})
