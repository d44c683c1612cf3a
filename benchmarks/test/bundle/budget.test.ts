import { assert, describe, it } from "@effect/vitest"
import * as Budget from "../../bundle/budget.ts"

const size = (minified: number, gzipped: number) => ({ minified, gzipped })

it("core and poll are as large as benchmarks/bundle/budget.json says, give or take 5 %", async () => {
  const changes = Budget.compare(Budget.recorded(), await Budget.measure())
  assert.deepStrictEqual(changes, [], [...changes, "To accept it: npx node benchmarks/bundle/accept.ts"].join("\n"))
})

describe("a size is told", () => {
  it.each([
    ["that grew by more than 5 %", size(1000, 500), size(1051, 500), [
      "core, minified: 5.1 % larger than recorded, 1000 → 1051 bytes"
    ]],
    ["that grew gzipped only", size(1000, 500), size(1000, 530), [
      "core, gzipped: 6.0 % larger than recorded, 500 → 530 bytes"
    ]],
    ["that shrank by more than 5 %", size(1000, 500), size(900, 500), [
      "core, minified: 10.0 % smaller than recorded, 1000 → 900 bytes"
    ]],
    ["not when it moved by less", size(1000, 500), size(1050, 475), []]
  ])("%s", (_, before, now, changes) => {
    assert.deepStrictEqual(Budget.compare({ core: before }, { core: now }), changes)
  })

  it("that nobody recorded, or nobody measures any more", () => {
    assert.deepStrictEqual(Budget.compare({ core: size(1, 1) }, { poll: size(1, 1) }), [
      "core: not measured",
      "poll: not recorded"
    ])
  })
})
