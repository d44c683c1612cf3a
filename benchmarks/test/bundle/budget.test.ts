import { assert, describe, it } from "@effect/vitest"
import * as Budget from "../../bundle/budget.ts"

const size = (minified: number, gzipped: number) => ({ minified, gzipped })

it("nothing is more than 5 % larger than benchmarks/bundle/budget.json says", async () => {
  const changes = Budget.compare(Budget.recorded(), await Budget.measure())
  assert.deepStrictEqual(changes, [], [...changes, "To accept it: npx node benchmarks/bundle/budget.ts"].join("\n"))
})

describe("compare", () => {
  it.each([
    ["reports a size that grew by more than 5 %", size(1000, 500), size(1051, 500), [
      "core, minified: 5.1 % larger than recorded, 1000 → 1051 bytes"
    ]],
    ["reports a size that grew only gzipped", size(1000, 500), size(1000, 530), [
      "core, gzipped: 6.0 % larger than recorded, 500 → 530 bytes"
    ]],
    ["accepts a size that grew by less", size(1000, 500), size(1050, 525), []],
    ["accepts a size that shrank", size(1000, 500), size(100, 50), []]
  ])("%s", (_, before, now, changes) => {
    assert.deepStrictEqual(Budget.compare({ core: before }, { core: now }), changes)
  })

  it("reports a size that was not recorded", () => {
    assert.deepStrictEqual(Budget.compare({}, { poll: size(1, 1) }), ["poll: not recorded"])
  })
})
