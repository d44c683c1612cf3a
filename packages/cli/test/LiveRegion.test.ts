import { assert, describe, it } from "@effect/vitest"
import * as LiveRegion from "../src/LiveRegion.ts"
import * as Screen from "./support/Screen.ts"

const size = { columns: 20, rows: 6 }

// Frames one after the other, as a region draws them.
const draw = (
  frames: ReadonlyArray<{ readonly above?: ReadonlyArray<string>; readonly lines: ReadonlyArray<string> }>
) => {
  let drawn: LiveRegion.Drawn = []
  let output = ""
  for (const { above = [], lines } of frames) {
    const frame = LiveRegion.frame(drawn, above, lines, size)
    drawn = frame.drawn
    output += frame.text
  }
  return Screen.show(output, size.columns, size.rows)
}

describe("LiveRegion", () => {
  it("replaces the previous frame", () => {
    assert.deepStrictEqual(draw([{ lines: ["one", "two", "three"] }, { lines: ["four"] }]).rows.slice(0, 3), [
      "four",
      "",
      ""
    ])
    assert.deepStrictEqual(draw([{ lines: ["longer"] }, { lines: ["one", "two"] }]).rows.slice(0, 2), ["one", "two"])
  })

  it("prints lines above the frame, and keeps them", () => {
    const { rows } = draw([{ lines: ["a", "b"] }, { above: ["done: a"], lines: ["b"] }, {
      above: ["done: b"],
      lines: []
    }])
    assert.deepStrictEqual(rows, ["done: a", "done: b", "", "", "", ""])
  })

  it("prints lines that are wider than the window in full", () => {
    const long = "0123456789".repeat(4)
    const { rows } = draw([{ lines: ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"] }, {
      above: [long, `${long}!`],
      lines: ["z"]
    }])
    assert.deepStrictEqual(rows, [...Array.from({ length: 4 }, () => "0123456789".repeat(2)), "!", "z"])
  })

  it("never draws more lines than the window has, so that none enter its history", () => {
    const frames = Array.from({ length: 9 }, (_, i) => ({ lines: Array.from({ length: 30 }, (_, j) => `${i} ${j}`) }))
    const { history, rows } = draw([...frames, { above: ["done"], lines: [] }])
    assert.deepStrictEqual(history, [])
    assert.deepStrictEqual(rows, ["done", "", "", "", "", ""])
  })

  it("computes the height of a frame that the terminal has wrapped", () => {
    assert.strictEqual(LiveRegion.height([19, 5, 0], { columns: 20, rows: 24 }), 3)
    assert.strictEqual(LiveRegion.height([19, 5, 0], { columns: 10, rows: 24 }), 4)
    assert.strictEqual(LiveRegion.height([19, 19, 19], { columns: 5, rows: 4 }), 4)
  })

  it.each([
    ["short", 10, "short"],
    ["0123456789", 10, "0123456789"],
    ["0123456789a", 10, "012345678…"],
    ["日本語日本語", 6, "日本…"],
    ["\u001b[31m0123456789a\u001b[0m", 5, "\u001b[31m0123…\u001b[0m"]
  ])("cuts %j to %d columns", (line, columns, cut) => {
    assert.strictEqual(LiveRegion.fit(line, columns), cut)
  })
})
