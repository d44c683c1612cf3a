import { assert, describe, it } from "@effect/vitest"
import * as Survivors from "../survivors.ts"

const survivor = (line: number, mutation = "a < b → a <= b", file = "Rfc3339.ts") => ({ file, line, mutation })

describe("a mutation", () => {
  it("is one line", () =>
    assert.strictEqual(Survivors.describe("{\n  one()\n  two()\n}", "{}"), "{ one() two() } → {}"))

  it("that is long is cut to where it differs", () => {
    const long = "x".repeat(100)
    const mutation = Survivors.describe(`${long} < ${long}`, `${long} >= ${long}`)
    const [before = "", after = ""] = mutation.split(" → ")
    assert.include(before, "x < x")
    assert.include(after, "x >= x")
    assert.isBelow(mutation.length, 160)
  })

  it("is what stands between two positions, over lines too", () => {
    const source = "const a = [\n  1,\n  2\n]\n"
    const text = (start: Survivors.Position, end: Survivors.Position) =>
      Survivors.between(source, Survivors.fromOne(start), Survivors.fromOne(end))
    assert.strictEqual(text({ line: 1, column: 7 }, { line: 1, column: 8 }), "a")
    assert.strictEqual(text({ line: 1, column: 11 }, { line: 4, column: 2 }), "[\n  1,\n  2\n]")
  })
})

describe("a reason", () => {
  it("follows its mutant to another line", () =>
    assert.deepStrictEqual(Survivors.explain([survivor(12)], [{ ...survivor(10), reason: "equal" }]), {
      explained: [{ ...survivor(12), reason: "equal" }],
      unexplained: []
    }))

  it("is for one mutant, of several alike for the nearest", () =>
    assert.deepStrictEqual(
      Survivors.explain([survivor(3), survivor(9), survivor(40)], [{ ...survivor(10), reason: "equal" }]),
      { explained: [{ ...survivor(9), reason: "equal" }], unexplained: [survivor(3), survivor(40)] }
    ))

  it("is not for another file or another mutation", () => {
    const { explained } = Survivors.explain(
      [survivor(10, "a < b → true"), survivor(10, "a < b → a <= b", "body.ts")],
      [{ ...survivor(10), reason: "equal" }]
    )
    assert.deepStrictEqual(explained, [])
  })

  it("goes when its mutant no longer survives", () =>
    assert.deepStrictEqual(Survivors.explain([], [{ ...survivor(10), reason: "equal" }]).explained, []))
})

describe("the table", () => {
  const explained = [
    "a < b → a <= b",
    "a || b → a && b",
    "`a ${b}` → ``",
    "\"`\" → \"\"",
    "/a\\|b/ → /a/"
  ].map((mutation, line) => ({ file: "body.ts", line, mutation, reason: "`a \\| b` is the same" }))

  it("gives back what was written to it, padded or not", () => {
    const written = Survivors.table(explained)
    assert.deepStrictEqual(Survivors.parse(written), explained)
    assert.deepStrictEqual(Survivors.parse(written.replaceAll(" | ", "    | ")), explained)
  })

  it("reads no row that has no reason", () =>
    assert.deepStrictEqual(Survivors.parse(Survivors.table([survivor(1)])), []))

  it("is in the order of files and lines", () => {
    const all = [survivor(9), survivor(1, "a → b", "body.ts"), survivor(3)]
    const places = Survivors.table(all).split("\n").slice(2).map((row) => row.split("`")[1])
    assert.deepStrictEqual(places, ["Rfc3339.ts:3", "Rfc3339.ts:9", "body.ts:1"])
  })
})
