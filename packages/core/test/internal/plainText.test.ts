import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as PlainText from "../../src/internal/plainText.ts"

const { show } = PlainText
const hex = (character: string) => character.charCodeAt(0).toString(16)
const upper = (text: string) => text.toUpperCase()

describe("show", () => {
  it.each([
    ["a\r\n  b\tc", "a b c"],
    ["\u001b[31mred\u0007\u009b", "[31mred"],
    ["a\u2028b\u00a0c", "a b c"],
    ["\u202eevil\u2066", "evil"],
    ["a\u200b\u200d\ufeff\u00ad\u2060b", "ab"],
    ["half of \ud800 an emoji", "half of an emoji"],
    ["操作 😀 é", "操作 😀 é"],
    [" a ", "a"],
    ["", ""]
  ])("%j is %j", (text, expected) => {
    assert.strictEqual(show(text), expected)
  })

  it.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "abc…"],
    ["ab😀", 3, "ab…"],
    ["a😀bc", 4, "a😀b…"]
  ])("%j to %d characters is %j", (text, length, expected) => {
    assert.strictEqual(show(text, length), expected)
  })

  it("has 500 characters by default", () => {
    assert.strictEqual(show("x".repeat(500)), "x".repeat(500))
    assert.strictEqual(show("x".repeat(501)), `${"x".repeat(500)}…`)
  })

  it.prop("removes invisible characters and line breaks", [Schema.String], ([text]) => {
    assert.notMatch(show(text), /[\n\r\u2028\u2029\p{Cc}\p{Cf}\p{Cs}]/u)
  })
})

describe("showWithout", () => {
  const secret = "v1.0-5ecretT0ken_that~n0body+may/read=="
  const without = PlainText.showWithout(secret)
  const each = (escape: (character: string) => string) => Array.from(secret, escape).join("")

  it.each([
    ["itself", secret],
    ["in a URL", encodeURIComponent(secret)],
    ["in a URL, in small letters", encodeURIComponent(secret).toLowerCase()],
    ["in a URL in a URL", encodeURIComponent(encodeURIComponent(secret))],
    ["in a URL, every character", each((character) => `%${hex(character)}`)],
    ["in JSON, slashes escaped", secret.replaceAll("/", "\\/")],
    ["in JSON, every character", each((character) => `\\u00${hex(character)}`)],
    ["in HTML", each((character) => /\w/.test(character) ? character : `&#x${hex(character)};`)],
    ["in HTML, in decimals", each((character) => `&#${character.charCodeAt(0)};`)],
    ["with invisible characters in it", each((character) => `${character}\u200b`)]
  ])("removes the secret: %s", (_, escaped) => {
    assert.strictEqual(without(`a ${escaped} b ${escaped}`), "a <redacted> b <redacted>")
  })

  it("removes nothing else", () => {
    assert.strictEqual(without(secret.slice(1)), secret.slice(1))
    assert.strictEqual(without(secret.replace(".", "x")), secret.replace(".", "x"))
  })

  it("removes a secret that the maximum length would cut in two", () => {
    for (let before = 80; before < 100; before++) {
      assert.notInclude(without(`${"x".repeat(before)}${secret}`, 100), "v1")
    }
  })

  it("removes a secret that reaches beyond the 64 KiB it reads", () => {
    for (let before = 64 * 1024 - secret.length; before < 64 * 1024; before++) {
      // Blanks are gone afterwards, so that what is left is short.
      assert.strictEqual(without(`${" ".repeat(before)}${secret}`).replace("<redacted>", ""), "")
    }
  })

  it("does not remove texts too short to be a secret, which occur in many words", () => {
    assert.strictEqual(PlainText.showWithout("aneous!")("erroneous! aneous!"), "erroneous! aneous!")
    assert.strictEqual(PlainText.showWithout("8letters")("my 8letters"), "my <redacted>")
  })

  it("stays within the length, and on one line", () => {
    assert.strictEqual(without(`a\n${"x".repeat(600)}`), `a ${"x".repeat(498)}…`)
  })

  it("does not take long for 16 MiB", () => {
    const started = performance.now()
    without("v".repeat(16 * 1024 * 1024))
    assert.isBelow(performance.now() - started, 1000)
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
    assert.strictEqual(PlainText.excerpt(body, show), expected)
  })

  it.each(["<title", "<title>", "<title><", " ", "\n", "\0", "<title>x</titl"])(
    "does not take long for 16 MiB of %j",
    (text) => {
      const started = performance.now()
      PlainText.excerpt(text.repeat((16 * 1024 * 1024) / text.length), show)
      assert.isBelow(performance.now() - started, 1000)
    }
  )
})

describe("json", () => {
  it.each([
    [{ a: ["b", 1, null, true, { c: "d" }] }, "{\"a\":[\"b\",1,null,true,{\"c\":\"d\"}]}"],
    ["a \"b\"", "\"a \\\"b\\\"\""],
    [{ "a b": 1 }, "{\"a b\":1}"],
    [[], "[]"],
    [{}, "{}"],
    [null, "null"]
  ])("%j is %s", (value, expected) => {
    assert.strictEqual(PlainText.json(value, show), expected)
  })

  it("shows every text and key", () => {
    assert.strictEqual(PlainText.json({ a: ["b", { c: "d" }] }, upper), "{\"A\":[\"B\",{\"C\":\"D\"}]}")
  })

  it("shortens a long text, so that it does not hide what follows", () => {
    assert.strictEqual(
      PlainText.json({ long: "x".repeat(1000), status: "paused" }, show),
      `{"long":"${"x".repeat(100)}…","status":"paused"}`
    )
  })

  it.each([
    [Array.from({ length: 100 }, () => 12345), "[12345,12345,12345,12345,…]"],
    [
      Object.fromEntries(Array.from({ length: 100 }, (_, key) => [`key${key}`, 1])),
      "{\"key0\":1,\"key1\":1,\"key2\":1,…}"
    ],
    [[["a long text"], ["another text"], 3], "[[\"a long text\"],[\"another text\"],…]"]
  ])("ends where there is no room", (value, expected) => {
    assert.strictEqual(PlainText.json(value, show, 20), expected)
  })

  it("ends at a depth limit", () => {
    const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000))
    assert.strictEqual(PlainText.json(deep, show), "[[[[[[[[[…]]]]]]]]]")
  })

  it("does not take long for 16 MiB", () => {
    const long: unknown = JSON.parse(`[${"0,".repeat(8 * 1024 * 1024)}0]`)
    const started = performance.now()
    assert.isBelow(PlainText.json(long, show).length, 1100)
    assert.isBelow(performance.now() - started, 500)
  })
})
