import { assert, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import * as Histories from "../../src/internal/histories.ts"

const at = (millis: number) => DateTime.makeUnsafe(millis)

const recording = () => {
  const begun: Array<string> = []
  const changed: Array<string> = []
  const histories = Histories.make({
    onNew: ({ path }) => begun.push(path),
    onChange: ({ path }) => changed.push(path)
  })
  return { histories, begun, changed }
}

describe("histories", () => {
  it("ignore an impossible observation, and do not learn earlier ones again", () => {
    const { changed, histories } = recording()
    histories.record("job", { startedAt: at(0), seenAt: at(-1) })
    assert.deepStrictEqual(changed, [])
    histories.record("job", { startedAt: at(0), seenAt: at(5000) })
    const before = histories.hazard("job", undefined)
    histories.record("job", { startedAt: at(0), seenAt: at(-1) })
    assert.deepStrictEqual(histories.hazard("job", undefined), before)
    assert.deepStrictEqual(changed, ["job"])
  })

  it("compute an answer once, until something is learned", () => {
    const { histories } = recording()
    const before = histories.hazard("job", 5000)
    assert.strictEqual(histories.hazard("job", 5000), before)
    assert.notDeepEqual(histories.hazard("job", undefined), before)
    histories.record("job", { startedAt: at(0), seenAt: at(5000) })
    assert.strictEqual(histories.hazard("job", 5000).operations, 1)
  })

  it("are 256 at most", () => {
    const { begun, histories } = recording()
    for (let index = 0; index < 256; index++) histories.history(`job-${index}`)
    histories.history("job-0")
    assert.lengthOf(begun, 256)
    histories.history("one more")
    histories.history("job-0")
    assert.lengthOf(begun, 257)
    histories.history("job-1")
    assert.lengthOf(begun, 258)
  })
})
