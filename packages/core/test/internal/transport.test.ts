import { CloudflareApi, Credentials } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, References } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest } from "effect/http"
import { createServer } from "node:net"
import * as Transport from "../../src/internal/transport.ts"
import * as Client from "../Client.ts"
import * as LoopbackServer from "../LoopbackServer.ts"
import * as Spans from "../Spans.ts"

const { answered } = Client

const cutOff = (bytes: string): LoopbackServer.Answer => (_, socket) => {
  socket.write(bytes, () => socket.destroy())
}

const head = "HTTP/1.1 200 OK\r\ncf-ray: 863bc951ce9d9abd-MIA\r\n"

const unusedPort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" ? address?.port ?? 0 : 0)))
  })
})

const traces = ({ received }: LoopbackServer.LoopbackServer) =>
  received.map(({ headers }) => [headers["traceparent"], headers["b3"]])

const describing = (cause: unknown) =>
  Transport.describe(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request: HttpClientRequest.get("http://127.0.0.1/"), cause })
    })
  )

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  describe("no whole answer is a TransportError", () => {
    it.live.each(
      [
        ["content-length that promises more", `${head}content-length: 100\r\n\r\n{"success":true`],
        ["content-length that promises more than nothing", `${head}content-length: 100\r\n\r\n`],
        ["a chunk that is not whole", `${head}transfer-encoding: chunked\r\n\r\nff\r\n{"success":true`],
        ["chunks without an end", `${head}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n`]
      ] as const
    )("a body that stops in the middle: %s", ([, bytes]) =>
      Effect.gen(function*() {
        const { fail } = yield* serving(cutOff(bytes))
        const { isRetryable, message, reason } = yield* fail(Client.ask)
        assert.strictEqual(reason._tag, "TransportError")
        assert.isTrue(isRetryable)
        assert.include(message, "other side closed (UND_ERR_SOCKET)")
        assert.include(message, "(200 GET /accounts/acc/rules/lists, cf-ray 863bc951ce9d9abd-MIA)")
      }))

    it.live.each(
      [
        ["reset before headers", (_, socket) => socket.resetAndDestroy(), "read ECONNRESET"],
        ["closed before headers", (_, socket) => socket.destroy(), "other side closed (UND_ERR_SOCKET)"],
        ["closed within headers", cutOff("HTTP/1.1 200 OK\r\ncontent-le"), "other side closed (UND_ERR_SOCKET)"],
        ["another protocol", cutOff("SSH-2.0-OpenSSH_9.7\r\n"), "Response does not match the HTTP/1.1 protocol"],
        ["two lengths", cutOff(`${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`), "content-length"]
      ] satisfies ReadonlyArray<readonly [string, LoopbackServer.Answer, string]>
    )("%s", ([, answer, text]) =>
      Effect.gen(function*() {
        const { fail } = yield* serving(answer)
        const { message, reason } = yield* fail(Client.ask)
        assert.strictEqual(reason._tag, "TransportError")
        assert.isUndefined(reason.status)
        assert.include(message, text)
      }))

    it.live("connection refused", () =>
      Effect.gen(function*() {
        const port = yield* unusedPort
        const error = yield* Client.ask.pipe(
          Client.withoutRetry,
          Effect.provide(Client.layer(transport, { baseUrl: `http://127.0.0.1:${port}` })),
          Effect.flip
        )
        assert.strictEqual(error.reason._tag, "TransportError")
        assert.include(error.message, `connect ECONNREFUSED 127.0.0.1:${port}`)
      }))

    it.live("a host that does not exist", () =>
      Effect.gen(function*() {
        const { fail } = yield* Client.serving(transport, { baseUrl: "http://nowhere.invalid" })(LoopbackServer.silence)
        const { message, reason } = yield* fail(Client.ask)
        assert.strictEqual(reason._tag, "TransportError")
        assert.match(message, /getaddrinfo \w+ nowhere\.invalid/)
      }))

    it.live("HTTP where HTTPS is spoken", () =>
      Effect.gen(function*() {
        const server = yield* LoopbackServer.make(LoopbackServer.silence)
        const secure = Client.layer(transport, { baseUrl: server.url.replace("http:", "https:") })
        const error = yield* Client.ask.pipe(Client.withoutRetry, Effect.provide(secure), Effect.flip)
        assert.strictEqual(error.reason._tag, "TransportError")
        assert.match(error.message, /^No whole answer came from Cloudflare: .*SSL.*\(GET .*\)$/)
      }))
  })

  describe("redirects", () => {
    it.live.each([301, 302, 303, 307, 308])(
      "%d is not followed, and the credentials do not leave",
      (status) =>
        Effect.gen(function*() {
          const other = yield* LoopbackServer.make(LoopbackServer.json(answered))
          const moved = LoopbackServer.text("moved", { status, headers: { location: `${other.url}/elsewhere` } })
          for (const credentials of [Client.apiToken, Client.globalKey]) {
            const { fail, server } = yield* Client.serving(transport, { credentials })(moved)
            const { message, reason } = yield* fail(Client.ask)
            assert.strictEqual(reason._tag, "UnexpectedResponse")
            assert.strictEqual(reason.status, status)
            assert.include(message, `a redirect to ${other.url}/elsewhere, which this library does not follow`)
            assert.strictEqual(server.received.length, 1)
          }
          assert.deepStrictEqual(other.received, [])
        })
    )

    it.live("what the application sets for fetch holds beside it", () =>
      Effect.gen(function*() {
        const other = yield* LoopbackServer.make(LoopbackServer.json(answered))
        const server = yield* LoopbackServer.make(
          LoopbackServer.text("", { status: 302, headers: { location: other.url } })
        )
        const settings = { headers: { "x-app": "mine" }, redirect: "follow" } as const
        const mine = Layer.succeed(FetchHttpClient.RequestInit, settings)
        const client = Client.layer(FetchHttpClient.layer, { baseUrl: server.url })
        const ofTheTransport = Client.layer(Layer.provide(FetchHttpClient.layer, mine), { baseUrl: server.url })
        yield* Effect.exit(Effect.provide(Client.ask, ofTheTransport))
        yield* Effect.exit(Effect.provide(Client.ask, Layer.provide(client, mine)))
        yield* Effect.exit(Effect.provide(Client.ask, [client, mine]))
        assert.deepStrictEqual(server.received.map(({ headers }) => headers["x-app"]), ["mine", "mine", "mine"])
        assert.deepStrictEqual(other.received, [])
      }))
  })

  describe("trace headers", () => {
    const ok = LoopbackServer.json(answered)

    it.live("are not sent", () =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(ok)
        const { tracer } = Spans.record()
        yield* run(Client.ask)
        yield* run(Client.ask).pipe(Effect.withSpan("caller"))
        yield* run(Client.ask).pipe(Effect.withSpan("caller"), Effect.withTracer(tracer))
        yield* run(Client.ask).pipe(Effect.provideService(HttpClient.TracerPropagationEnabled, true))
        yield* run(Client.ask).pipe(Effect.provideService(References.TracerEnabled, false))
        assert.deepStrictEqual(traces(server), Array.from({ length: 5 }, () => [undefined, undefined]))
      }))

    it.live("are sent where the policy says propagateTraces", () =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(ok)
        const { spans, tracer } = Spans.record()
        yield* run(Client.ask).pipe(
          Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, propagateTraces: true })),
          Effect.withSpan("caller"),
          Effect.withTracer(tracer)
        )
        const request = spans.find(({ kind }) => kind === "client")
        assert.deepStrictEqual(traces(server), [[
          `00-${request?.traceId}-${request?.spanId}-01`,
          `${request?.traceId}-${request?.spanId}-1-${spans[0]?.spanId}`
        ]])
      }))
  })

  it.live("a client that fails on other statuses does not hide what Cloudflare said", () =>
    Effect.gen(function*() {
      const strict = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.filterStatusOk))
      const { fail } = yield* Client.serving(Layer.provide(strict, transport))(
        LoopbackServer.json(Client.failure({ code: 10001, message: "operation not found" }), { status: 404 })
      )
      const { message, reason } = yield* fail(Client.ask)
      assert.strictEqual(reason._tag, "NotFound")
      assert.include(message, "operation not found (code 10001)")
    }))

  it.live("an effect that fetches the credentials sends its own requests as it likes", () =>
    Effect.gen(function*() {
      const vault = yield* LoopbackServer.make(
        LoopbackServer.text("", { status: 302, headers: { location: "/moved" } }),
        LoopbackServer.text(Client.secret)
      )
      const credentials = HttpClient.get(vault.url).pipe(
        Effect.flatMap(({ text }) => text),
        Effect.map((token) => Credentials.apiToken(Redacted.make(token))),
        Effect.provide(FetchHttpClient.layer)
      )
      const { run, server } = yield* Client.serving(transport, { credentials })(LoopbackServer.json(answered))
      yield* run(Client.ask)
      assert.strictEqual(server.received[0]?.headers.authorization, `Bearer ${Client.secret}`)
      assert.deepStrictEqual(vault.received.map(({ target }) => target), ["/", "/moved"])
      for (const { headers } of vault.received) assert.isString(headers["traceparent"])
    }))
})

describe("what a failed transport says", () => {
  it.each(
    [
      ["the text", new Error("boom"), "boom"],
      [
        "each cause",
        new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }),
        "fetch failed: connect ECONNREFUSED"
      ],
      [
        "a code that the text has not",
        Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET" }),
        "other side closed (UND_ERR_SOCKET)"
      ],
      ["a code once", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), "read ECONNRESET"],
      ["a code without a text", Object.assign(new Error(), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
      ["no code where it is undefined", Object.assign(new Error("boom"), { code: undefined }), "boom"],
      [
        "an address of a host with several",
        new TypeError("fetch failed", {
          cause: Object.assign(
            new AggregateError([
              new Error("connect ECONNREFUSED ::1:9"),
              new Error("connect ECONNREFUSED 127.0.0.1:9")
            ]),
            { code: "ECONNREFUSED" }
          )
        }),
        "fetch failed: ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:9"
      ],
      ["what is no error", "boom", "boom"],
      ["the call where there is no cause", undefined, "Transport error (GET http://127.0.0.1/)"],
      ["the call where the cause is silent", new Error(), "Transport error (GET http://127.0.0.1/)"]
    ] as const
  )("tells %s", (_, cause, text) => {
    assert.strictEqual(describing(cause), text)
  })

  it("ends where causes go round", () => {
    const error = new Error("again")
    error.cause = error
    assert.strictEqual(describing(error), Array.from({ length: 8 }, () => "again").join(": "))
  })
})
