import { assert, describe, it } from "@effect/vitest"
import { any, type ExitCode, gravest } from "../src/ExitCode.ts"

describe("ExitCode", () => {
  it.each<[ReadonlyArray<ExitCode>, ExitCode]>([
    [[0, 0], 0],
    [[0, 1], 1],
    [[1, 3, 0], 3],
    [[3, 5, 1], 5],
    [[5, 4, 3, 1, 0], 4]
  ])("of %j the gravest is %d", (codes, code) => {
    assert.strictEqual(gravest(codes), code)
  })

  it("with --any, one that has completed is enough", () => {
    assert.strictEqual(any([4, 0]), 0)
    assert.strictEqual(any([1, 3]), 3)
  })
})
