import { assert, describe, it } from "@effect/vitest"
import * as Budget from "../../bundle/budget.ts"

const size = (minified: number, gzipped: number) => ({ minified, gzipped })

it("nothing is more than 5 % larger than benchmarks/bundle/budget.json says", async () => {
  const changes = Budget.compare(Budget.recorded(), await Budget.measure())
  assert.deepStrictEqual(changes, [], [...changes, "To accept it: npx node benchmarks/bundle/budget.ts"].join("\n"))
})

describe("a size is told", () => {
  it.each([
    ["that grew by more than 5 %", size(1000, 500), size(1051, 500), [
      "core, minified: 5.1 % larger than recorded, 1000 → 1051 bytes"
    ]],
    ["that grew gzipped only", size(1000, 500), size(1000, 530), [
      "core, gzipped: 6.0 % larger than recorded, 500 → 530 bytes"
    ]],
    ["not when it grew by less", size(1000, 500), size(1050, 525), []],
    ["not when it shrank", size(1000, 500), size(100, 50), []]
  ])("%s", (_, before, now, changes) => {
    assert.deepStrictEqual(Budget.compare({ core: before }, { core: now }), changes)
  })

  it("that nobody recorded", () => {
    assert.deepStrictEqual(Budget.compare({}, { poll: size(1, 1) }), ["poll: not recorded"])
  })
})
