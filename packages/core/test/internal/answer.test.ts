import { CloudflareApi, type CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Duration, Effect, Schema, type SchemaIssue, SchemaTransformation } from "effect"
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

const html = { "content-type": "text/html; charset=UTF-8" }
const problem = {
  type: "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/",
  title: "Error 1015: You are being rate limited",
  status: 429,
  error_code: 1015,
  ray_id: "8e5b2c1d0a3f4b6c"
}

const noSuccess: Readonly<
  Record<CloudflareError.Reason["_tag"], ReadonlyArray<readonly [string, Answer, words: string]>>
> = {
  MalformedResponse: [
    ["null", text("null"), "the answer was null"],
    ["an array", json([answered]), "the answer was [{"],
    ["a string", json("ok"), "the answer was \"ok\""],
    ["a number", json(1), "the answer was 1"],
    ["a truth", json(true), "the answer was true"],
    ["an empty object", json({}), "the envelope has no `success` and no errors; the answer was {}"],
    ["success: false and no errors", json({ success: false }), "the envelope has success: false and no errors"],
    ["success: false and errors of null", json({ success: false, errors: null }), "success: false and no errors"],
    ["success: false and errors that say nothing", json(failure(null, "", {}, [])), "success: false and no errors"],
    ["no result", json({ success: true }), "the result was missing"],
    ["a result of null", json(Client.success(null)), "the result was null"],
    ["an empty result", json(Client.success({})), "the result was {}"],
    ["200 with an empty body", text(""), "the answer was an empty body"],
    ["200 with blanks in chunks", chunked(" \n "), "the answer was an empty body"],
    ["204", bodiless(204), "the answer was an empty body"],
    ["200 with a script", text("let page = {"), "the answer was let page = {."],
    ["200 with a page", text(page("Sign in")), "an HTML page titled \"Sign in\""],
    ["bytes", text(Uint8Array.of(0, 27, 7, 255)), "the answer was \ufffd."],
    ["brackets without end", text("[".repeat(200_000)), "the answer was [[["]
  ],
  UnexpectedResponse: [
    [
      "success missing",
      json({ result: { answer: 42 } }),
      "the envelope has no `success` and no errors; the answer was {"
    ],
    ["success as a string", json({ ...answered, success: "true" }), "success: \"true\" and no errors"],
    ["success as a number", json({ ...answered, success: 1 }), "success: 1 and no errors"],
    ["success of null", json({ ...answered, success: null }), "success: null and no errors"],
    [
      "a result of another shape",
      json(Client.success({ answer: "42" })),
      "result: Expected number at [\"answer\"]; the result was {\"answer\":\"42\"}"
    ],
    ["300", bodiless(300), "a redirect to nowhere, which this library does not follow"],
    ["304", bodiless(304), "a redirect to nowhere, which this library does not follow"],
    [
      "302 with errors",
      json(failure({ code: 10040, message: "no" }), { status: 302, headers: { location: "/login" } }),
      "a redirect to /login, which this library does not follow"
    ],
    ["a result of brackets without end", text(`{"success":true,"result":${deep}}`), "the result was [[["]
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
    ["403 whatever the code", json(failure({ code: 9109, message: "no" }), { status: 403 }), "no (code 9109)"],
    ["403 with an empty body", text("", { status: 403 }), "the answer was an empty body"],
    ["403 with a text", text("no", { status: 403 }), "the answer was no"]
  ],
  Blocked: [
    [
      "403 with a page of the firewall",
      text(page("Attention Required! | Cloudflare"), { status: 403, headers: html }),
      "titled \"Attention Required! | Cloudflare\". No permission is missing"
    ],
    ["403 with a part of that page", text("…<h1>Sorry, you have been blocked</h1>", { status: 403 }), "Sorry, you"],
    [
      "403 with a challenge",
      text(page("Just a moment..."), { status: 403 }),
      "It was a challenge for browsers, which may pass: try again later."
    ],
    [
      "a challenge with another status",
      text("", { status: 503, headers: { "cf-mitigated": "challenge" } }),
      "which may pass: try again later."
    ],
    ["403 with a code of the edge", text("error code: 1020", { status: 403 }), "the answer was error code: 1020."],
    [
      "403 with problem JSON",
      json({ error_code: 1010, title: "Access denied", detail: "The owner has banned your browser" }, { status: 403 }),
      "Access denied: The owner has banned your browser (code 1010)"
    ]
  ],
  NotFound: [
    ["404 with a page", text(page("Not Found"), { status: 404 }), "titled \"Not Found\""],
    ["404 with success: true", json(answered, { status: 404 }), "the envelope has success: true and no errors"],
    ["410", json(failure("gone"), { status: 410 }), "gone"],
    ["200 with the code for it", json(failure({ code: 10001, message: "no" })), "no (code 10001)"],
    ["400 with the code for it", json(failure({ code: 10001, message: "no" }), { status: 400 }), "no (code 10001)"],
    [
      "400 with the code for it in its messages",
      json({ success: false, errors: [], messages: [{ code: 10001, message: "list not found" }] }, { status: 400 }),
      "list not found (code 10001)"
    ]
  ],
  InvalidRequest: [
    ["200 with another code", json(failure({ code: 10026, message: "no" })), "no (code 10026)"],
    ["400 with an empty object", json({}, { status: 400 }), "no `success` and no errors; the answer was {}"],
    ["418", json(failure("teapot"), { status: 418 }), "teapot"],
    ["errors without end", text(`{"success":false,"errors":${deep}}`), "[[["]
  ],
  RateLimited: [
    ["429 with a page", text(page("Error 1015"), { status: 429 }), "titled \"Error 1015\""],
    ["429 with text", text("error code: 1015", { status: 429 }), "the answer was error code: 1015"],
    ["429 with problem JSON", json(problem, { status: 429 }), "Error 1015: You are being rate limited (code 1015)"],
    ["200 with a code of the limits", json(failure({ code: 10040, message: "no" })), "no (code 10040)"],
    ["400 with a code of the limits", json(failure({ code: 971, message: "no" }), { status: 400 }), "no (code 971)"]
  ],
  ServerError: [
    ["500 with an empty body", text("", { status: 500 }), "the answer was an empty body"],
    ["500 with success: true", json(answered, { status: 500 }), "the envelope has success: true and no errors"],
    ["500 whatever the code", json(failure({ code: 10000, message: "no" }), { status: 500 }), "no (code 10000)"],
    ["502 with a page", text(page("api.cloudflare.com | 502: Bad gateway"), { status: 502 }), "| 502: Bad gateway\""],
    [
      "502 with a page without a title",
      text("<h1>\n Bad  gateway\n</h1>", { status: 502 }),
      "was <h1> Bad gateway </h1>"
    ],
    ["530 with text", text("error code: 1033", { status: 530 }), "the answer was error code: 1033"],
    [
      "530 with problem JSON",
      json({ error_code: 1033 }, { status: 530 }),
      "an error of Cloudflare's edge (code 1033). Try again later."
    ],
    ["500 with a long text", text("x".repeat(2000), { status: 500 }), `the answer was ${"x".repeat(500)}… Try`],
    ["500 with half a JSON", text("{\"success\":fal", { status: 500 }), "the answer was {\"success\":fal."],
    ["a status of no class", json(failure("odd"), { status: 999 }), "odd"],
    ["409", json(failure("in use"), { status: 409 }), "in use"],
    ["425", json(failure("too early"), { status: 425 }), "too early"],
    ["499", text("", { status: 499 }), "an empty body"],
    ["400 with a request timeout", json(failure({ code: 1000, message: "no" }), { status: 400 }), "no (code 1000)"],
    ["200 with a request to try again", json(failure({ code: 10013, message: "Please try again" })), "(code 10013)"]
  ],
  // Below, because each transport words it differently.
  Unreachable: [],
  TransportError: [
    [
      "half of an object",
      text("{\"success\":tr"),
      "the JSON ends too early or is damaged; the answer was {\"success\":tr"
    ],
    ["half of an object behind a blank", text("\n{"), "the JSON ends too early or is damaged; the answer was {"]
  ],
  Timeout: [
    ["408", json(failure("too slow"), { status: 408 }), "too slow"]
  ]
}

const asking = <A>(schema: Schema.Decoder<A>) =>
  CloudflareApi.CloudflareApi.use((api) => api.request(Client.request, schema))
const transforming = (decode: (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue>) =>
  Schema.Unknown.pipe(
    Schema.decodeTo(
      Schema.Unknown,
      SchemaTransformation.transformEffect<unknown, unknown>({ decode, encode: Effect.succeed })
    )
  )

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  describe("success", () => {
    it.live.each([200, 201, 202, 299])("is any 2xx with success: true: %d", (status) =>
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
    )("depends on success: true alone: %s", ([, answer]) =>
      Effect.gen(function*() {
        const { run } = yield* serving(answer)
        assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      }))
  })

  describe.each(Object.entries(noSuccess).filter(([, answers]) => answers.length > 0))("%s", (tag, answers) => {
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

  it.live("407 names the proxy", () =>
    Effect.gen(function*() {
      const { fail } = yield* serving(text("proxy", { status: 407 }))
      const { message } = yield* fail(Client.ask)
      assert.match(message, /a proxy requires credentials \(407\)|as when a proxy answers 407/)
    }))

  it.live("names the call and the ray of the answer, without the query", () =>
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
        ["the longest", { "retry-after": "999999999" }, Duration.seconds(999_999_999)],
        ["longer than that", { "retry-after": "1000000000" }, undefined],
        ["of many digits", { "retry-after": "9".repeat(400) }, undefined],
        ["twice the same", { "retry-after": "30, 30" }, Duration.seconds(30)],
        ["three times the same", { "retry-after": "30,30 , 30" }, Duration.seconds(30)],
        ["twice not the same", { "retry-after": "30, 3" }, undefined],
        ["between blanks", { "retry-after": " 7 " }, Duration.seconds(7)],
        ["a number with a unit", { "retry-after": "120 seconds" }, undefined],
        ["an exponent", { "retry-after": "1e3" }, undefined],
        ["nothing", {}, undefined],
        ["no text", { "retry-after": "" }, undefined],
        ["a word", { "retry-after": "soon" }, undefined],
        ["a form", { "retry-after": "<seconds, rounded up>" }, undefined],
        ["a negative number", { "retry-after": "-5" }, undefined],
        ["a fraction", { "retry-after": "1.5" }, undefined],
        ["a date that is none", { "retry-after": "Wed, 31 Feb 2024 11:46:57 GMT", date }, undefined]
      ] as const
    )("is understood on 429, 503 and 408: %s", ([, headers, expected]) =>
      Effect.gen(function*() {
        const { fail } = yield* serving(
          text("", { status: 429, headers }),
          json(failure("later"), { status: 503, headers }),
          json(failure("too slow"), { status: 408, headers })
        )
        const limited = yield* fail(Client.ask)
        assert.strictEqual(limited.reason._tag, "RateLimited")
        assertEquals(limited.retryAfter, expected)
        const down = yield* fail(Client.ask)
        assert.strictEqual(down.reason._tag, "ServerError")
        assertEquals(down.retryAfter, expected)
        const late = yield* fail(Client.ask)
        assert.strictEqual(late.reason._tag, "Timeout")
        assertEquals(late.retryAfter, expected)
      }))

    it.live("is understood in two equal headers", () =>
      Effect.gen(function*() {
        const { fail } = yield* serving((response) =>
          response.writeHead(429, [["retry-after", "30"], ["retry-after", "30"]].flat()).end()
        )
        assertEquals((yield* fail(Client.ask)).retryAfter, Duration.seconds(30))
      }))

    it.live("is also read from the body of Cloudflare's edge, after the header", () =>
      Effect.gen(function*() {
        const edge = { ...problem, retry_after: 30 }
        const { fail } = yield* serving(
          json(edge, { status: 429 }),
          json(edge, { status: 429, headers: { "retry-after": "5", "cf-ray": "a-MIA" } })
        )
        const first = yield* fail(Client.ask)
        assertEquals([first.retryAfter, first.reason.ray], [Duration.seconds(30), problem.ray_id])
        const second = yield* fail(Client.ask)
        assertEquals([second.retryAfter, second.reason.ray], [Duration.seconds(5), "a-MIA"])
      }))

    it.live("as a date counts from now if the answer has no Date", () =>
      Effect.gen(function*() {
        const inAMinute = new Date(Date.now() + 60_000).toUTCString()
        const { fail } = yield* serving((response) => {
          response.sendDate = false
          response.writeHead(429, { "retry-after": inAMinute }).end()
        })
        const { retryAfter } = yield* fail(Client.ask)
        assert.closeTo(Duration.toSeconds(retryAfter ?? Duration.zero), 60, 2)
      }))

    it.live("is understood in a rate limit within HTTP 200", () =>
      Effect.gen(function*() {
        const limited = json(failure({ code: 971, message: "wait" }), { headers: { "retry-after": "9" } })
        const { fail } = yield* serving(limited)
        assertEquals((yield* fail(Client.ask)).retryAfter, Duration.seconds(9))
      }))
  })

  describe("the schema of the result", () => {
    it.live("may decode asynchronously", () =>
      Effect.gen(function*() {
        const { run } = yield* serving(json(answered))
        const slow = transforming((value) => Effect.as(Effect.sleep("10 millis"), value))
        assert.deepStrictEqual(yield* run(asking(slow)), { answer: 42 })
      }))

    it.live("may throw, which causes an UnexpectedResponse", () =>
      Effect.gen(function*() {
        const { fail } = yield* serving(json(answered))
        const throwing = transforming(() => {
          throw new Error("boom")
        })
        const { message, reason } = yield* fail(asking(throwing))
        assert.strictEqual(reason._tag, "UnexpectedResponse")
        assert.include(message, "result: the schema threw: boom; the result was {\"answer\":42}")
      }))

    it.live("may accept a missing result", () =>
      Effect.gen(function*() {
        const { run } = yield* serving(json(Client.success(null)), json({ success: true }))
        assert.isNull(yield* run(asking(Schema.Null)))
        assert.isUndefined(yield* run(asking(Schema.Undefined)))
      }))
  })
})
