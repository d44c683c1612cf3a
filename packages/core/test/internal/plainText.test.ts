import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as PlainText from "../../src/internal/plainText.ts"

const upper = (text: string) => text.toUpperCase()

describe("onOneLine", () => {
  it.each([
    ["a\r\n  b\tc", "a b c"],
    ["\u001b[31mred\u0007\u009b", "[31mred"],
    ["a\u2028b\u00a0c", "a b c"],
    ["操作 😀 é", "操作 😀 é"],
    ["", ""]
  ])("%j is %j", (text, expected) => {
    assert.strictEqual(PlainText.onOneLine(text), expected)
  })

  it.prop("no line break and no control character is left", [Schema.String], ([text]) => {
    assert.notMatch(PlainText.onOneLine(text), /[\n\r\u2028\u2029\p{Cc}]/u)
  })
})

describe("clip", () => {
  it.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "abc…"],
    ["ab😀", 3, "ab…"]
  ])("%j to %d characters is %j", (text, length, expected) => {
    assert.strictEqual(PlainText.clip(text, length), expected)
  })
})

describe("excerpt", () => {
  it.each([
    ["<title>Error 1015</title>", "an HTML page titled \"Error 1015\""],
    ["<HTML><TITLE lang=\"en\">\n 502:\n Bad gateway </TITLE>", "an HTML page titled \"502: Bad gateway\""],
    [`<title>${"x".repeat(300)}</title>`, `an HTML page titled "${"x".repeat(200)}…"`],
    ["<title></title>", "<title></title>"],
    ["<title> </title>", "<title> </title>"],
    ["<title>never closed", "<title>never closed"],
    ["error code: 1015\n", "error code: 1015"],
    [" \r\n\t ", "an empty body"],
    ["", "an empty body"],
    ["x".repeat(501), `${"x".repeat(500)}…`]
  ])("of %j is %j", (body, expected) => {
    assert.strictEqual(PlainText.excerpt(body), expected)
  })

  it.each(["<title", "<title>", "<title><", " ", "\n", "<title>x</titl"])(
    "does not take long for 16 MiB of %j",
    (text) => {
      const started = performance.now()
      PlainText.excerpt(text.repeat((16 * 1024 * 1024) / text.length))
      assert.isBelow(performance.now() - started, 1000)
    }
  )
})

describe("json", () => {
  it("is JSON with each string as it is to be shown", () => {
    assert.strictEqual(
      PlainText.json({ a: ["b", 1, null, { c: "d" }] }, upper),
      "{\"a\":[\"B\",1,null,{\"c\":\"D\"}]}"
    )
  })

  it("does not throw for what is nested too deeply", () => {
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000))
    assert.strictEqual(PlainText.json(deep, upper), "JSON that is nested too deeply")
  })
})
