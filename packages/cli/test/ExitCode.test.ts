import { assert, describe, it } from "@effect/vitest"
import { any, ExitCode, gravest } from "../src/ExitCode.ts"

describe("ExitCode", () => {
  it.each<[ReadonlyArray<ExitCode>, ExitCode]>([
    [[0, 0], 0],
    [[0, 1], 1],
    [[1, 3, 0], 3],
    [[3, 5, 1], 5],
    [[2], 2],
    [[5, 2, 3], 2],
    [[5, 4, 3, 2, 1, 0], 4],
    [[0, 6, 4], 6],
    [[0, 70], 70],
    [[130, 1], 130]
  ])("of %j is the gravest: %d", (codes, code) => {
    assert.strictEqual(gravest(codes), code)
  })

  it("is 0 with --any if one operation completed", () => {
    assert.strictEqual(any([4, 0]), 0)
    assert.strictEqual(any([1, 3]), 3)
    assert.strictEqual(any([2]), 2)
  })

  it("only completed operations give 0", () => {
    for (const code of Object.values(ExitCode)) assert.strictEqual(gravest([0, code, 0]), code)
  })
})
