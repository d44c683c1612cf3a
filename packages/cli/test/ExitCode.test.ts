import { assert, describe, it } from "@effect/vitest"
import { any, type ExitCode, gravest } from "../src/ExitCode.ts"

describe("ExitCode", () => {
  it.each<[ReadonlyArray<ExitCode>, ExitCode]>([
    [[0, 0], 0],
    [[0, 1], 1],
    [[1, 3, 0], 3],
    [[3, 5, 1], 5],
    [[5, 4, 3, 1, 0], 4]
  ])("of %j is the gravest: %d", (codes, code) => {
    assert.strictEqual(gravest(codes), code)
  })

  it("is 0 with --any if one operation completed", () => {
    assert.strictEqual(any([4, 0]), 0)
    assert.strictEqual(any([1, 3]), 3)
  })
})
