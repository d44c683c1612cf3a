import { CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Envelope from "../../src/internal/envelope.ts"

const read = (errors: unknown) => Envelope.apiErrors(errors, (text) => text.replaceAll("s3cret", "<redacted>"))
const plain = (errors: unknown) => read(errors).map((error) => Object.assign({}, error))

describe("apiErrors", () => {
  it("reads what is documented", () => {
    assert.deepStrictEqual(
      plain([{
        code: 10026,
        message: "filters.api.invalid_json",
        documentation_url: "https://developers.cloudflare.com/waf",
        source: { pointer: "/0/ip" }
      }, { code: 971, message: "wait" }]),
      [{
        code: 10026,
        message: "filters.api.invalid_json",
        documentationUrl: "https://developers.cloudflare.com/waf",
        pointer: "/0/ip"
      }, { code: 971, message: "wait" }]
    )
  })

  it.each(
    [
      ["a text", ["server created some error"], [{ message: "server created some error" }]],
      ["a number", [7], [{ message: "7" }]],
      ["a truth", [true], [{ message: "true" }]],
      ["a list", [["a", ["b"]]], [{ message: "[\"a\",[\"b\"]]" }]],
      ["an object without a message", [{ title: "no" }], [{ message: "{\"title\":\"no\"}" }]],
      ["an object within", [{ error: { code: 1, message: "no" } }], [{
        message: "{\"error\":{\"code\":1,\"message\":\"no\"}}"
      }]],
      ["no code", [{ message: "try later" }], [{ message: "try later" }]],
      ["a code of null", [{ code: null, message: "no" }], [{ message: "no" }]],
      ["a code as a text", [{ code: "10000", message: "no" }], [{ code: 10000, message: "no" }]],
      ["a code that is none", [{ code: "E_AUTH", message: "no" }], [{ message: "no" }]],
      ["a code as an empty text", [{ code: "", message: "no" }], [{ message: "no" }]],
      ["a code as an object", [{ code: {}, message: "no" }], [{ message: "no" }]],
      ["a message of null", [{ code: 10001, message: null }], [{
        code: 10001,
        message: "{\"code\":10001,\"message\":null}"
      }]],
      ["a message as an object", [{ code: 1, message: { a: 1 } }], [{
        code: 1,
        message: "{\"code\":1,\"message\":{\"a\":1}}"
      }]],
      ["an empty message", [{ code: 1, message: "" }], [{ code: 1, message: "{\"code\":1,\"message\":\"\"}" }]],
      ["a link of another type", [{ message: "no", documentation_url: 5 }], [{ message: "no" }]],
      ["a source of another type", [{ message: "no", source: "x" }], [{ message: "no" }]],
      ["a pointer of null", [{ message: "no", source: { pointer: null } }], [{ message: "no" }]],
      ["no list but a text", "no", [{ message: "no" }]],
      ["no list but an object", { code: 1, message: "no" }, [{ code: 1, message: "no" }]],
      ["no list but a number", 5, [{ message: "5" }]],
      ["null", null, []],
      ["nothing", undefined, []],
      ["an empty list", [], []],
      ["what says nothing", [null, "", {}, []], []],
      ["an empty object", {}, []],
      ["an empty text", "", []]
    ] as const
  )("reads %s", (_, errors, expected) => {
    assert.deepStrictEqual<ReadonlyArray<unknown>>(plain(errors), expected)
  })

  it.each(
    [
      ["errors", [{ code: 6100, message: "no" }], [{ code: 6100, message: "no" }]],
      ["texts", ["no"], [{ message: "no" }]],
      ["odd things", [null, 7, { code: "6100" }], [{ message: "7" }, { code: 6100, message: "{\"code\":\"6100\"}" }]],
      ["nothing", [], undefined],
      ["null", null, undefined],
      ["a text", "no", undefined]
    ] as const
  )("reads a chain of %s", (_, error_chain, causes) => {
    const [error] = plain([{ code: 6003, message: "Invalid request headers", error_chain }])
    assert.deepInclude(error, { code: 6003, message: "Invalid request headers" })
    assert.deepStrictEqual<unknown>(error?.causes, causes)
  })

  it("takes the secret out of every text", () => {
    const [error] = read([{
      message: "token s3cret",
      documentation_url: "https://x/?s3cret",
      source: { pointer: "/s3cret" },
      error_chain: [{ message: "a s3cret" }, { s3cret: "s3cret" }, "s3cret"]
    }, { s3cret: { s3cret: 1 } }])
    assert.notInclude(JSON.stringify(error), "s3cret")
    assert.include(
      String(error),
      "token <redacted> at /<redacted> [a <redacted>; {\"<redacted>\":\"<redacted>\"}; <redacted>]"
    )
  })

  it("does not let its length cut the secret in two", () => {
    for (let before = 980; before < 1000; before++) {
      const [error] = read([`${"x".repeat(before)}s3cret${"x".repeat(1000)}`])
      assert.notInclude(error?.message, "s3c")
      assert.isAtMost(error?.message.length ?? 0, 1001)
    }
  })

  it("keeps to what a log can hold, however much there is", () => {
    const many = read(Array.from({ length: 100_000 }, () => ({ message: "x".repeat(100_000) })))
    assert.strictEqual(many.length, 100)
    for (const { message } of many) assert.strictEqual(message, `${"x".repeat(1000)}…`)
  })

  it.prop("reads any JSON without a throw, and no message is empty", [Schema.Json], ([errors]) => {
    for (const error of read(errors)) {
      assert.instanceOf(error, CloudflareError.ApiError)
      assert.notStrictEqual(error.message, "")
    }
  })
})

describe("resultInfo", () => {
  it("reads what is documented", () => {
    const info = { cursors: { before: "b", after: "a" }, count: 25, page: 1, per_page: 50, total_count: 1000 }
    assert.deepStrictEqual(Envelope.resultInfo(info), info)
  })

  it.each(
    [
      ["nothing", undefined, {}],
      ["null", null, {}],
      ["a text", "next", {}],
      ["a list", [], {}],
      ["an empty object", {}, {}],
      ["cursors of null", { cursors: null }, {}],
      ["empty cursors", { cursors: {} }, { cursors: {} }],
      ["a cursor that is empty", { cursors: { before: "", after: "a" } }, { cursors: { after: "a" } }],
      ["a cursor of null", { cursors: { before: "b", after: null } }, { cursors: { before: "b" } }],
      ["counts of another type", { count: "25", page: null, per_page: 0.5, total_count: 7 }, { total_count: 7 }],
      ["more than is known", { cursors: { after: "a", more: 1 }, more: 1 }, { cursors: { after: "a" } }]
    ] as const
  )("reads %s as far as it can", (_, info, expected) => {
    assert.deepStrictEqual<unknown>(Envelope.resultInfo(info), expected)
  })
})
