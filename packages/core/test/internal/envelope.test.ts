import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Envelope from "../../src/internal/envelope.ts"
import * as PlainText from "../../src/internal/plainText.ts"

const read = (errors: unknown) => Envelope.errors({ errors }, PlainText.show)

describe("errors", () => {
  it("reads what is documented", () => {
    assert.deepStrictEqual(
      read([{
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
    assert.deepStrictEqual<ReadonlyArray<unknown>>(read(errors), expected)
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
    const [error] = read([{ code: 6003, message: "Invalid request headers", error_chain }])
    assert.deepInclude(error, { code: 6003, message: "Invalid request headers" })
    assert.deepStrictEqual<unknown>(error?.causes, causes)
  })

  it("reads a bounded number of errors and causes", () => {
    const chain = Array.from({ length: 100 }, () => "cause")
    const many = read(Array.from({ length: 100_000 }, () => ({ message: "no", error_chain: chain })))
    assert.lengthOf(many, 50)
    for (const { causes } of many) assert.lengthOf(causes ?? [], 5)
  })

  it("are the messages if there are no errors", () => {
    const messages = [{ code: 10001, message: "list not found" }]
    for (const errors of [undefined, null, [], [{}]]) {
      assert.deepStrictEqual(Envelope.errors({ errors, messages }, PlainText.show), messages)
    }
    assert.deepStrictEqual(Envelope.errors({ errors: ["no"], messages }, PlainText.show), [{ message: "no" }])
  })

  it.prop("reads any JSON without throwing, and no message is empty", [Schema.Json], ([errors]) => {
    for (const { message } of read(errors)) assert.notStrictEqual(message, "")
  })
})

describe("resultInfo", () => {
  it("reads what is documented", () => {
    const info = { cursors: { before: "b", after: "a" }, count: 25, page: 1, per_page: 50, total_count: 1000 }
    assert.deepStrictEqual(Envelope.resultInfo({ result_info: info }), info)
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
    assert.deepStrictEqual<unknown>(Envelope.resultInfo({ result_info: info }), expected)
  })
})

describe("problem", () => {
  it("is read from an answer of Cloudflare's edge", () => {
    const problem = {
      error_code: 1015,
      title: "Error 1015: You are being rate limited",
      detail: "Wait",
      ray_id: "8e5b2c1d0a3f4b6c",
      retry_after: 30
    }
    assert.deepStrictEqual(
      Envelope.problem({ ...problem, status: 429, cloudflare_error: true }),
      Option.some(problem)
    )
  })

  it("is read as far as it is valid", () => {
    assert.deepStrictEqual(
      Envelope.problem({ error_code: 1015, title: "", detail: 1, ray_id: null, retry_after: -1 }),
      Option.some({ error_code: 1015 })
    )
  })

  it.each([{}, { error_code: "1015" }, { title: "Error 1015" }, { success: false, errors: [{ code: 1015 }] }])(
    "is not %j",
    (envelope) => {
      assert.deepStrictEqual(Envelope.problem(envelope), Option.none())
    }
  )
})

describe("saysSomething", () => {
  it.each([0, false, "a", [0], { a: undefined }])("is true for %j", (value) => {
    assert.isTrue(Envelope.saysSomething(value))
  })

  it.each([undefined, null, "", [], {}])("is false for %j", (value) => {
    assert.isFalse(Envelope.saysSomething(value))
  })
})
