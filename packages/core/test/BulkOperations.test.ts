import { BulkOperation, BulkOperations, CloudflareApi, CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient, HttpClientRequest, type HttpMethod } from "effect/http"
import * as Client from "./Client.ts"
import recorded from "./data/responses.json" with { type: "json" }
import * as LoopbackServer from "./LoopbackServer.ts"
import * as Spans from "./Spans.ts"

const { Completed, Failed, OperationId, Running } = BulkOperation
const id = OperationId.make("op")
const at = (iso: string) => Option.some(DateTime.makeUnsafe(iso))

const lines = Schema.decodeSync(Schema.Array(Schema.Struct({
  source: Schema.String,
  endpoint: Schema.String,
  status: Schema.NullOr(Schema.Int),
  headers: Schema.Record(Schema.String, Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  body: Schema.Unknown
})))(recorded)
type Line = typeof lines[number]

const hasSuccess = Schema.is(Schema.Struct({ success: Schema.Literal(true), result: Schema.Unknown }))
const isHeadersOnly = ({ body }: Line) => typeof body === "string" && body.startsWith("(headers only")
const isElement = ({ endpoint }: Line) => endpoint.startsWith("(result element")
const isStatusCall = ({ endpoint }: Line) => endpoint.includes("/bulk_operations/")

const succeeding = lines.filter(({ body }) => hasSuccess(body))
const headersOnly = lines.filter(isHeadersOnly)
const elements = lines.filter(isElement)
const failing = lines.filter((line) => !hasSuccess(line.body) && !isHeadersOnly(line) && !isElement(line))

// In the order of the file. The status is the one that is documented or reported where the line itself has none.
const whyFailing: ReadonlyArray<readonly [status: number, CloudflareError.Reason["_tag"], text: string]> = [
  [429, "RateLimited", "Please wait and consider throttling your request speed (code 971)"],
  [
    429,
    "RateLimited",
    "More than 1200 requests per 300 seconds reached. Please wait and consider throttling your request speed (code 10100)"
  ],
  [403, "Forbidden", "Authentication error (code 10000)"],
  [400, "InvalidRequest", "filters.api.invalid_json (code 10026)"],
  [429, "RateLimited", "you have been ratelimited please wait and try again (code 10040)"],
  [400, "InvalidRequest", "filters.api.ip_list_in_use (code 10031)"],
  [400, "InvalidRequest", "invalid or expired cursor (code 10027)"],
  [400, "InvalidRequest", "filters.api.invalid_json (code 10026)"],
  [
    400,
    "InvalidRequest",
    "This account has reached the limit on the number of URL matching items on the same hostname/path"
  ],
  [
    400,
    "Unauthorized",
    "Invalid request headers (code 6003) [Missing X-Auth-Email header (code 6100); Missing X-Auth-Key header (code 6101)]"
  ],
  [400, "Unauthorized", "Invalid request headers (code 6004) [Invalid format for X-ATOK header (code 6301)]"],
  [400, "Unauthorized", "User session has expired. Please log in again (code 9300)"],
  [401, "Unauthorized", "Invalid access token (code 9109)"],
  [429, "RateLimited", "rate limited (code 10013)"],
  [500, "ServerError", "server created some error"],
  [429, "RateLimited", "Error: 10502: Too many authentication failures"],
  [
    429,
    "RateLimited",
    "429 Client Error: Too Many Requests / Rate limited. Please wait and consider throttling your request speed (code 10429)"
  ],
  [
    520,
    "ServerError",
    "an HTML page titled \"defender-api.openzeppelin.com | 520: Web server is returning an unknown error\""
  ],
  [504, "ServerError", "HTTP error! Status: 504"],
  [404, "NotFound", "operation not found (code 10001)"],
  [404, "NotFound", "list not found (code 10001)"],
  [503, "ServerError", "try later"],
  [200, "InvalidRequest", "could not create list item: duplicate of existing entry (code 10009)"],
  [
    400,
    "InvalidRequest",
    "invalid value for ip at position 0: filters.api.IPv6 CIDRs should have a prefix length from /12 to /64 inclusive (code 10035)"
  ],
  [400, "InvalidRequest", "The add list items operation contains duplicate items (code 10028)"],
  [400, "InvalidRequest", "Target URL in redirect is too long (code 10044)"],
  [400, "InvalidRequest", "Invalid redirect source URL (code 10045)"],
  [400, "InvalidRequest", "Invalid redirect status code (code 10047)"],
  [400, "InvalidRequest", "Preserve path suffix requires subpath matching enabled (code 10048)"],
  [400, "InvalidRequest", "Invalid redirect source URL with user info (code 10050)"],
  [400, "InvalidRequest", "Missing authority in redirect source URL (code 10051)"],
  [400, "InvalidRequest", "Invalid redirect source URL with query string (code 10053)"],
  [400, "InvalidRequest", "Invalid redirect source URL with fragment (code 10054)"],
  [400, "InvalidRequest", "The add list items operation contains different types of list items (code 10056)"],
  [400, "InvalidRequest", "List items incompatible with list type (code 10058)"],
  [400, "InvalidRequest", "Missing scheme in redirect target URL (code 10060)"],
  [403, "Blocked", "Sorry, you have been blocked"],
  [403, "Blocked", "an HTML page titled \"Just a moment...\". It was a challenge for browsers, which may pass"],
  [400, "InvalidRequest", "item: 'countly-' error: invalid domain name: countly-"],
  [400, "InvalidRequest", "This account is at the maximum number of lists (code 10019)"],
  [500, "ServerError", "an HTML page titled \"Worker threw exception | www.cloudflare.com | Cloudflare\""]
]

const operations: ReadonlyArray<BulkOperation.BulkOperation> = [
  Completed.make({ id: OperationId.make("92558f8b296d4dbe9d0419e0e53f6622"), completed: at("2021-10-28T09:15:42Z") }),
  Failed.make({
    id: OperationId.make("4da8780eeb215e6cb7f48dd981c4ea02"),
    completed: at("2020-01-01T08:00:00Z"),
    error: Option.some("This list is at the maximum number of items")
  }),
  Running.make({ id: OperationId.make("000000000000000000000000000029ab") }),
  Failed.make({ id, completed: Option.none(), error: Option.some("bad row") }),
  Completed.make({ id, completed: at("2026-08-07T04:07:49.123Z") })
]

const WireErrors = Schema.Struct({
  errors: Schema.Array(Schema.Union([
    Schema.Struct({ code: Schema.optionalKey(Schema.Finite), message: Schema.String }),
    Schema.String
  ]))
})
const wireErrors = (body: unknown) =>
  Option.match(Schema.decodeUnknownOption(WireErrors)(body), { onNone: () => [], onSome: ({ errors }) => errors })
    .map((error) => typeof error === "string" ? { message: error } : error)

// Some were shortened by hand where they were recorded, with characters that no header has.
const headersOf = ({ headers }: Line) =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value)))

const answer = (line: Line, status = line.status ?? 200) =>
  typeof line.body === "string"
    ? LoopbackServer.text(line.body, { status, headers: headersOf(line) })
    : LoopbackServer.json(line.body, { status, headers: headersOf(line) })

const methods: ReadonlyArray<HttpMethod.HttpMethod> = ["GET", "POST", "PUT", "DELETE"]

// What a library on top of `CloudflareApi` would send.
const otherCall = ({ endpoint }: Line) =>
  CloudflareApi.CloudflareApi.use((api) =>
    api.request(
      HttpClientRequest.make(methods.find((method) => endpoint.includes(method)) ?? "GET")("/accounts/acc/rules/lists"),
      Schema.Unknown
    )
  )

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  describe("recorded answers", () => {
    it("are all covered by this test", () => {
      assert.strictEqual(succeeding.length + headersOnly.length + elements.length + failing.length, 80)
      assert.strictEqual(failing.length, whyFailing.length)
    })

    it.live.each(failing.map((line, index) => [line.source, line, whyFailing[index]] as const))(
      "fail with the right reason and Cloudflare's own words: %s",
      ([, line, why]) =>
        Effect.gen(function*() {
          const [status, tag, text] = why ?? assert.fail()
          const { fail, server } = yield* serving(answer(line, status))
          for (const call of [Client.get("op"), otherCall(line)]) {
            const error = yield* fail(call)
            assert.strictEqual(error.reason._tag, tag)
            assert.strictEqual(error.reason.status, status)
            assert.include(error.message, text)
            assert.deepStrictEqual(
              error.reason.errors.map(({ code, message }) => code === undefined ? { message } : { code, message }),
              wireErrors(line.body)
            )
          }
          assert.strictEqual(server.received.length, 2)
        })
    )

    it.live.each(failing.map((line) => [line.source, line] as const))(
      "fail with HTTP 200 as well: %s",
      ([, line]) =>
        Effect.gen(function*() {
          const { fail } = yield* serving(answer(line, 200))
          const error = yield* fail(Client.get("op"))
          for (const { message } of wireErrors(line.body)) assert.include(error.message, message)
        })
    )

    it.live.each(succeeding.filter((line) => !isStatusCall(line)).map((line) => [line.endpoint, line] as const))(
      "succeed with their result: %s",
      ([, line]) =>
        Effect.gen(function*() {
          const { run } = yield* serving(answer(line))
          const result = yield* run(otherCall(line))
          assert.isTrue(hasSuccess(line.body) && JSON.stringify(line.body.result) === JSON.stringify(result))
        })
    )

    it.live("of the status call decode to their operations", () =>
      Effect.gen(function*() {
        const answers = succeeding.filter(isStatusCall).filter(({ body }) => JSON.stringify(body).includes("\"id\""))
        assert.strictEqual(answers.length, operations.length)
        for (const [index, line] of answers.entries()) {
          const { run } = yield* serving(answer(line))
          const operation = yield* run(Client.get(operations[index]?.id ?? ""))
          assertEquals(operation, operations[index])
        }
      }))

    it.live.each(succeeding.map((line) => [line.endpoint, line] as const))(
      "of another call are refused as an operation: %s",
      ([, line]) =>
        Effect.gen(function*() {
          const { fail } = yield* serving(answer(line))
          const error = yield* fail(Client.get("another"))
          assert.strictEqual(error.reason._tag, "UnexpectedResponse")
        })
    )

    it.live.each(elements.map((line) => [line.endpoint, line] as const))(
      "fail as UnexpectedResponse without their envelope: %s",
      ([, line]) =>
        Effect.gen(function*() {
          const { fail } = yield* serving(answer(line))
          for (const call of [Client.get("op"), otherCall(line)]) {
            const error = yield* fail(call)
            assert.strictEqual(error.reason._tag, "UnexpectedResponse")
          }
        })
    )

    it.live.each(headersOnly.map((line) => [line.source, line] as const))(
      "succeed with any recorded headers: %s",
      ([, line]) =>
        Effect.gen(function*() {
          const body = Client.success({ id: "op", status: "pending" })
          const { run } = yield* serving(answer({ ...line, body }))
          assert.strictEqual((yield* run(Client.get("op"))).status, "pending")
        })
    )
  })

  describe("status", () => {
    it.live("polls the operation in its account, with the caller's credentials", () =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(LoopbackServer.json(Client.success({ id: "op", status: "running" })))
        assertEquals(yield* run(Client.get("op")), Running.make({ id }))
        yield* run(Client.get("op", { accountId: "other" }))
        assert.deepStrictEqual(
          server.received.map(({ headers, method, target }) => [method, target, headers.authorization]),
          [
            ["GET", "/accounts/acc/rules/lists/bulk_operations/op", `Bearer ${Client.secret}`],
            ["GET", "/accounts/other/rules/lists/bulk_operations/op", `Bearer ${Client.secret}`]
          ]
        )
      }))

    it.live.each(["paused", "Completed", "cancelled", "", null, 1, { state: "pending" }])(
      "that is unknown fails with an UnexpectedResponse that names it: %j",
      (status) =>
        Effect.gen(function*() {
          const { fail, server } = yield* serving(
            LoopbackServer.json(Client.success({ id: "op", status }), { headers: { "cf-ray": "863bc951ce9d9abd-MIA" } })
          )
          const error = yield* fail(Client.get("op"))
          assert.strictEqual(error.reason._tag, "UnexpectedResponse")
          assert.strictEqual(error.reason.status, 200)
          assert.strictEqual(error.reason.ray, "863bc951ce9d9abd-MIA")
          assert.include(error.message, `the result was {"id":"op","status":${JSON.stringify(status)}}`)
          assert.strictEqual(server.received.length, 1)
        })
    )

    it.live("that is unknown is named however much text comes before it", () =>
      Effect.gen(function*() {
        const { fail } = yield* serving(LoopbackServer.json({
          messages: Array.from({ length: 100 }, () => "a notice"),
          success: true,
          result: { id: "op", error: "x".repeat(1000), status: "paused" }
        }))
        const error = yield* fail(Client.get("op"))
        assert.include(error.message, "\"status\":\"paused\"")
      }))

    it.live("of another operation fails with an UnexpectedResponse", () =>
      Effect.gen(function*() {
        const { fail, server } = yield* serving(
          LoopbackServer.json(
            Client.success({ id: "other", status: "completed", completed: "2026-01-31T08:00:00Z" }),
            { headers: { "cf-ray": "863bc951ce9d9abd-MIA" } }
          )
        )
        const error = yield* fail(Client.get("op"))
        assert.strictEqual(error.reason._tag, "UnexpectedResponse")
        assert.strictEqual(
          error.message,
          "Cloudflare's answer is not what this library expects: the answer is about another operation, \"other\". "
            + `Check the base URL (${new URL(server.url).host}); if it is right, the API has changed. `
            + "(200 GET /accounts/acc/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
        )
      }))
  })

  describe("ids", () => {
    it.live.each([
      "50%",
      "%2e%2e",
      "a?b=c",
      "#",
      "a&b",
      "a+b",
      "a:b@c;d=e,f",
      "opération",
      "操作",
      "😀",
      "a..b",
      "..."
    ])(
      "%s arrives intact",
      (text) =>
        Effect.gen(function*() {
          const { run, server } = yield* serving(
            LoopbackServer.json(Client.success({ id: text, status: "running" }))
          )
          const operation = yield* run(Client.get(text, { accountId: text }))
          assert.strictEqual<string>(operation.id, text)
          assert.deepStrictEqual(
            server.received.map(({ target }) => target.split("/").map(decodeURIComponent)),
            [["", "accounts", text, "rules", "lists", "bulk_operations", text]]
          )
        })
    )

    it.live.each(
      [
        ["empty", ""],
        ["a slash", "a/b"],
        ["a backslash", "a\\b"],
        ["a dot", "."],
        ["two dots", ".."],
        ["a way up", "../zones"],
        ["a space", "a b"],
        ["a line break", "a\n"],
        ["a null character", "a\0"],
        ["a lone surrogate", "\ud800"]
      ] as const
    )("%s is refused, and nothing is sent", ([, text]) =>
      Effect.gen(function*() {
        const { fail, server } = yield* serving(LoopbackServer.silence)
        const expected =
          "Expected an id: one or more characters, no spaces, slashes or control characters, and not \".\" or \"..\""
        const path = "/accounts/{account_id}/rules/lists/bulk_operations/{operation_id}"
        const message = (which: string) =>
          `The request was not sent: ${which}: ${expected}. Sending it again unchanged will not help. (GET ${path})`
        const wrongId = yield* fail(Client.get(text))
        assert.strictEqual(wrongId.reason._tag, "InvalidRequest")
        assert.strictEqual(wrongId.message, message("operation_id"))
        const wrongAccount = yield* fail(Client.get("op", { accountId: text }))
        assert.strictEqual(wrongAccount.reason._tag, "InvalidRequest")
        assert.strictEqual(wrongAccount.message, message("account_id"))
        assert.deepStrictEqual(server.received, [])
      }))

    it.live.each([[null, "null"], [42, "number"], [{}, "object"], [undefined, "undefined"]])(
      "that are not strings are refused with their type: %j",
      ([id, got]) =>
        Effect.gen(function*() {
          const { fail, server } = yield* serving(LoopbackServer.silence)
          // As from a program without types.
          const get = Client.get.bind(undefined)
          const error = yield* fail(Reflect.apply(get, undefined, [id]))
          assert.strictEqual(error.reason._tag, "InvalidRequest")
          assert.include(error.message, `operation_id: Expected string, got ${got}.`)
          assert.deepStrictEqual(server.received, [])
        })
    )

    it.live("without an account are refused, and nothing is sent", () =>
      Effect.gen(function*() {
        const { fail, server } = yield* Client.serving(transport, { accountId: undefined })(LoopbackServer.silence)
        const error = yield* fail(Client.get("op"))
        assert.strictEqual(error.reason._tag, "InvalidRequest")
        assert.include(error.message, "no account: pass accountId, or set CLOUDFLARE_ACCOUNT_ID")
        assert.deepStrictEqual(server.received, [])
      }))
  })

  describe("spans", () => {
    const running = LoopbackServer.json(Client.success({ id: "op", status: "running" }))

    it.live("a call is a span with its ids and the status, and the request is its child", () =>
      Effect.gen(function*() {
        const { run } = yield* serving(running)
        const { spans, tracer } = Spans.record()
        yield* run(Client.get("op")).pipe(Effect.withSpan("caller"), Effect.withTracer(tracer))
        assert.deepStrictEqual(spans.map(Spans.names), [
          ["caller"],
          ["BulkOperations.get", "caller"],
          ["GET", "BulkOperations.get", "caller"]
        ])
        const [, call, request] = spans
        assert.deepStrictEqual(Object.fromEntries(call?.attributes ?? []), {
          "cloudflare.account_id": "acc",
          "cloudflare.operation_id": "op",
          "cloudflare.operation_status": "running"
        })
        assert.strictEqual(request?.kind, "client")
        assert.strictEqual(request?.attributes.get("http.response.status_code"), 200)
      }))

    it.live("a failed call ends its span with the error", () =>
      Effect.gen(function*() {
        const { fail } = yield* serving(
          LoopbackServer.json(Client.failure({ code: 10001, message: "operation not found" }), { status: 404 })
        )
        const { spans, tracer } = Spans.record()
        const error = yield* Effect.withTracer(fail(Client.get("op")), tracer)
        assert.strictEqual(error.reason._tag, "NotFound")
        const [call] = spans
        assert.strictEqual(call?.name, "BulkOperations.get")
        assert.strictEqual<unknown>(Spans.failure(call), error)
        assert.isFalse(call?.attributes.has("cloudflare.operation_status"))
      }))

    it.live("a call refused before it is sent is a span too, without the missing account", () =>
      Effect.gen(function*() {
        const { spans, tracer } = Spans.record()
        const { fail } = yield* Client.serving(transport, { accountId: undefined })(LoopbackServer.silence)
        const error = yield* Effect.withTracer(fail(Client.get("op")), tracer)
        assert.deepStrictEqual(spans.map((span) => Object.fromEntries(span.attributes)), [{
          "cloudflare.operation_id": "op"
        }])
        assert.strictEqual<unknown>(Spans.failure(spans[0]), error)
      }))
  })
})

describe("accountId", () => {
  it.effect("is the default account of calls", () =>
    Effect.gen(function*() {
      const client = yield* Layer.build(Client.layer(FetchHttpClient.layer, { baseUrl: "http://127.0.0.1" }))
      assert.strictEqual(Context.get(client, BulkOperations.BulkOperations).accountId, "acc")
      assert.strictEqual(Context.get(client, CloudflareApi.CloudflareApi).accountId, "acc")
    }))
})
