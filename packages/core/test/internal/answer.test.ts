import { CloudflareApi, type CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Duration, Effect, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import * as Client from "../Client.ts"
import type { Answer } from "../LoopbackServer.ts"
import { chunked, json, text } from "../LoopbackServer.ts"

const { answered, failure } = Client

const page = (title: string) =>
  `<!DOCTYPE html>\n<!--[if lt IE 7]> <html class="no-js ie6 oldie"> <![endif]-->\n<head>\n<title>${title}</title>\n</head>`

const bodiless = (status: number): Answer => (response) => response.writeHead(status).end()

// More than a recursion can go through.
const deep = "[".repeat(100_000) + "]".repeat(100_000)

const neither = "neither `success: true` nor errors in it"

const noSuccess: Readonly<
  Partial<Record<CloudflareError.Reason["_tag"], ReadonlyArray<readonly [string, Answer, words: string]>>>
> = {
  UnexpectedResponse: [
    ["null", text("null"), "not a JSON object; the answer was null"],
    ["an array", json([answered]), "not a JSON object; the answer was [{"],
    ["a string", json("ok"), "not a JSON object; the answer was \"ok\""],
    ["a number", json(1), "not a JSON object; the answer was 1"],
    ["a truth", json(true), "not a JSON object; the answer was true"],
    ["half of an object", text("{\"success\":tr"), "not a JSON object; the answer was {\"success\":tr"],
    ["an empty object", json({}), `${neither}; the answer was {}`],
    ["success missing", json({ result: { answer: 42 } }), neither],
    ["success as a string", json({ ...answered, success: "true" }), neither],
    ["success as a number", json({ ...answered, success: 1 }), neither],
    ["success of null", json({ ...answered, success: null }), neither],
    ["success: false and no errors", json({ success: false }), neither],
    ["success: false and errors of null", json({ success: false, errors: null }), neither],
    ["success: false and errors that say nothing", json(failure(null, "", {}, [])), neither],
    ["no result", json({ success: true }), "the result was missing"],
    ["a result of null", json(Client.success(null)), "the result was null"],
    [
      "a result of another shape",
      json(Client.success({ answer: "42" })),
      "result: Expected number at [\"answer\"]; the result was {\"answer\":\"42\"}"
    ],
    ["200 with an empty body", text(""), "the answer was an empty body"],
    ["200 with blanks in chunks", chunked(" \n "), "the answer was an empty body"],
    ["204", bodiless(204), "the answer was an empty body"],
    ["304", bodiless(304), "the answer was an empty body"],
    ["200 with a page", text(page("Sign in")), "an HTML page titled \"Sign in\""],
    ["bytes", text(Uint8Array.of(0, 27, 7, 255)), "the answer was \ufffd."],
    ["brackets without end", text("[".repeat(200_000)), "not a JSON object"],
    ["a result of brackets without end", text(`{"success":true,"result":${deep}}`), "JSON that is nested too deeply"]
  ],
  Unauthorized: [
    ["401 with an empty body", text("", { status: 401 }), "the answer was an empty body"],
    ["200 with a code of the credentials", json(failure({ code: 10000, message: "no" })), "no (code 10000)"],
    [
      "400 with a code of the credentials",
      json(failure({ code: 9106, message: "no" }), { status: 400 }),
      "no (code 9106)"
    ]
  ],
  Forbidden: [
    ["403 with a page", text(page("Attention Required!"), { status: 403 }), "titled \"Attention Required!\""],
    ["403 whatever the code", json(failure({ code: 9109, message: "no" }), { status: 403 }), "no (code 9109)"]
  ],
  NotFound: [
    ["404 with a page", text(page("Not Found"), { status: 404 }), "titled \"Not Found\""],
    ["404 with success: true", json(answered, { status: 404 }), "the answer was {\"success\":true"],
    ["410", json(failure("gone"), { status: 410 }), "gone"],
    ["200 with the code for it", json(failure({ code: 10001, message: "no" })), "no (code 10001)"],
    ["400 with the code for it", json(failure({ code: 10001, message: "no" }), { status: 400 }), "no (code 10001)"]
  ],
  InvalidRequest: [
    ["200 with another code", json(failure({ code: 10026, message: "no" })), "no (code 10026)"],
    ["400 with an empty object", json({}, { status: 400 }), `${neither}; the answer was {}`],
    ["418", json(failure("teapot"), { status: 418 }), "teapot"],
    ["errors without end", text(`{"success":false,"errors":${deep}}`), "JSON that is nested too deeply"]
  ],
  RateLimited: [
    ["429 with a page", text(page("Error 1015"), { status: 429 }), "titled \"Error 1015\""],
    ["429 with text", text("error code: 1015", { status: 429 }), "the answer was error code: 1015"],
    ["200 with a code of the limits", json(failure({ code: 10040, message: "no" })), "no (code 10040)"],
    ["400 with a code of the limits", json(failure({ code: 971, message: "no" }), { status: 400 }), "no (code 971)"]
  ],
  ServerError: [
    ["500 with an empty body", text("", { status: 500 }), "the answer was an empty body"],
    ["500 with success: true", json(answered, { status: 500 }), "the answer was {\"success\":true"],
    ["500 whatever the code", json(failure({ code: 10000, message: "no" }), { status: 500 }), "no (code 10000)"],
    ["502 with a page", text(page("api.cloudflare.com | 502: Bad gateway"), { status: 502 }), "| 502: Bad gateway\""],
    [
      "502 with a page without a title",
      text("<h1>\n Bad  gateway\n</h1>", { status: 502 }),
      "was <h1> Bad gateway </h1>"
    ],
    ["530 with text", text("error code: 1033", { status: 530 }), "the answer was error code: 1033"],
    ["500 with a long text", text("x".repeat(2000), { status: 500 }), `the answer was ${"x".repeat(500)}… Try`],
    ["a status of no class", json(failure("odd"), { status: 999 }), "odd"]
  ],
  Timeout: [
    ["408", json(failure("too slow"), { status: 408 }), "too slow"]
  ]
}

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  describe("success", () => {
    it.live.each([200, 201, 202, 299])("any 2xx with success: true is one: %d", (status) =>
      Effect.gen(function*() {
        const { run } = yield* serving(json(answered, { status }))
        assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      }))

    it.live.each(
      [
        ["with errors", json({ ...answered, errors: [{ code: 1000, message: "message" }] })],
        ["with messages", json({ ...answered, messages: ["a notice", { code: 1, message: "x" }] })],
        ["without errors and messages", json({ success: true, result: { answer: 42 } })],
        ["with errors of null", json({ ...answered, errors: null, messages: null })],
        ["with more than is known", json({ ...answered, result_info: {}, result: { answer: 42, more: true } })],
        ["in chunks", chunked(JSON.stringify(answered))],
        ["behind a byte order mark", text(`\ufeff${JSON.stringify(answered)}`)],
        ["between blank lines", text(`\n\n${JSON.stringify(answered)}\n`)],
        ["as text/html", json(answered, { headers: { "content-type": "text/html" } })]
      ] as const
    )("success: true decides: %s", ([, answer]) =>
      Effect.gen(function*() {
        const { run } = yield* serving(answer)
        assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      }))
  })

  describe.each(Object.entries(noSuccess))("%s", (tag, answers) => {
    it.live.each(answers)("%s", ([, answer, words]) =>
      Effect.gen(function*() {
        const { fail, server } = yield* serving(answer)
        const { message, reason } = yield* fail(Client.ask)
        assert.strictEqual<string>(reason._tag, tag)
        assert.include(message, words)
        assert.isNumber(reason.status)
        assert.strictEqual(server.received.length, 1)
      }))
  })

  it.live("the call and the ray of the answer are told, without the query", () =>
    Effect.gen(function*() {
      const { fail } = yield* serving(text("", { status: 500, headers: { "cf-ray": "863bc951ce9d9abd-MIA" } }))
      const { reason } = yield* fail(
        CloudflareApi.CloudflareApi.use((api) => api.request(HttpClientRequest.get("/zones?name=x#y"), Schema.Unknown))
      )
      assert.deepInclude({ ...reason }, { method: "GET", path: "/zones", status: 500, ray: "863bc951ce9d9abd-MIA" })
    }))

  describe("Retry-After", () => {
    const date = "Wed, 13 Mar 2024 11:46:57 GMT"
    it.live.each(
      [
        ["42", { "retry-after": "42" }, Duration.seconds(42)],
        ["0", { "retry-after": "0" }, Duration.zero],
        [
          "a date, from the answer's own",
          { "retry-after": "Wed, 13 Mar 2024 11:47:57 GMT", date },
          Duration.minutes(1)
        ],
        ["a date that is over", { "retry-after": "Wed, 13 Mar 2024 11:46:00 GMT", date }, Duration.zero],
        ["a date of another form", { "retry-after": "Wednesday, 13-Mar-24 11:47:00 GMT", date }, Duration.seconds(3)],
        ["very long", { "retry-after": "31536000" }, Duration.days(365)],
        ["nothing", {}, undefined],
        ["no text", { "retry-after": "" }, undefined],
        ["a word", { "retry-after": "soon" }, undefined],
        ["a form", { "retry-after": "<seconds, rounded up>" }, undefined],
        ["a negative number", { "retry-after": "-5" }, undefined],
        ["a fraction", { "retry-after": "1.5" }, undefined],
        ["a date that is none", { "retry-after": "Wed, 31 Feb 2024 11:46:57 GMT", date }, undefined]
      ] as const
    )("is understood on 429 and 503: %s", ([, headers, expected]) =>
      Effect.gen(function*() {
        const { fail } = yield* serving(
          text("", { status: 429, headers }),
          json(failure("later"), { status: 503, headers })
        )
        const limited = yield* fail(Client.ask)
        assert.strictEqual(limited.reason._tag, "RateLimited")
        assertEquals(limited.retryAfter, expected)
        const down = yield* fail(Client.ask)
        assert.strictEqual(down.reason._tag, "ServerError")
        assertEquals(down.retryAfter, expected)
      }))

    it.live("a date is measured from now where the answer has no date of its own", () =>
      Effect.gen(function*() {
        const inAMinute = new Date(Date.now() + 60_000).toUTCString()
        const { fail } = yield* serving((response) => {
          response.sendDate = false
          response.writeHead(429, { "retry-after": inAMinute }).end()
        })
        const { retryAfter } = yield* fail(Client.ask)
        assert.closeTo(Duration.toSeconds(retryAfter ?? Duration.zero), 60, 2)
      }))

    it.live("is told of a rate limit within HTTP 200", () =>
      Effect.gen(function*() {
        const limited = json(failure({ code: 971, message: "wait" }), { headers: { "retry-after": "9" } })
        const { fail } = yield* serving(limited)
        assertEquals((yield* fail(Client.ask)).retryAfter, Duration.seconds(9))
      }))
  })
})
