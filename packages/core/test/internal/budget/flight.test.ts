import { assert, describe, it } from "@effect/vitest"
import * as Flight from "../../../src/internal/budget/flight.ts"

const sent = (count: number, at = 0) => Array.from({ length: count }, (_, index) => at + index)

describe("requests without an answer", () => {
  it("are eight in a second at most", () => {
    assert.strictEqual(Flight.readyAt(sent(7), false), Number.NEGATIVE_INFINITY)
    assert.strictEqual(Flight.readyAt(sent(8), false), 1000)
    assert.strictEqual(Flight.readyAt(sent(10), false), 1002)
  })

  it("are one after a 429, for five seconds at most", () => {
    assert.strictEqual(Flight.readyAt([], true), Number.NEGATIVE_INFINITY)
    assert.strictEqual(Flight.readyAt([3], true), 5003)
    assert.strictEqual(Flight.readyAt([3, 7], true), 5007)
  })

  it("count for five seconds", () => {
    assert.deepStrictEqual(Flight.underWay([0, 1, 2], 5001), [2])
  })
})
