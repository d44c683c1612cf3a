import { CloudflareApi, Credentials } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, References, Schema, Tracer } from "effect"
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

const nodeError = (message: string, fields: object) => Object.assign(new Error(message), fields)

const traces = ({ received }: LoopbackServer.LoopbackServer) =>
  received.map(({ headers }) => [headers["traceparent"], headers["b3"]])

const failing = (transport: Client.Transport, baseUrl: string) =>
  Client.ask.pipe(Client.withoutRetry, Effect.provide(Client.layer(transport, { baseUrl })), Effect.flip)

const follow = (transport: Client.Transport, times: number) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, HttpClient.followRedirects(times))
  ).pipe(Layer.provide(transport))

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  describe("no complete answer is a TransportError", () => {
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
        assert.strictEqual(error.outcome, "notSent")
        assert.include(error.message, `connect ECONNREFUSED 127.0.0.1:${port}`)
        assert.include(error.message, `Check the network and the base URL (127.0.0.1:${port}).`)
      }))

    it.live("a host that does not exist", () =>
      Effect.gen(function*() {
        const { fail } = yield* Client.serving(transport, { baseUrl: "http://nowhere.invalid" })(LoopbackServer.silence)
        const { message, outcome, reason } = yield* fail(Client.ask)
        assert.strictEqual(reason._tag, "TransportError")
        assert.strictEqual(outcome, "notSent")
        assert.match(message, /getaddrinfo \w+ nowhere\.invalid/)
      }))

    it.live("a connection that was reset, with an unknown outcome", () =>
      Effect.gen(function*() {
        const { fail } = yield* serving((_, socket) => socket.resetAndDestroy())
        assert.strictEqual((yield* fail(Client.ask)).outcome, "unknown")
      }))
  })

  describe("an unreachable server fails with advice:", () => {
    it.live("HTTP where HTTPS is spoken", () =>
      Effect.gen(function*() {
        const server = yield* LoopbackServer.make(LoopbackServer.silence)
        const { isRetryable, message, outcome, reason } = yield* failing(
          transport,
          server.url.replace("http:", "https:")
        )
        assert.strictEqual(reason._tag, "Unreachable")
        assert.isFalse(isRetryable)
        assert.strictEqual(outcome, "notSent")
        assert.include(message, new URL(server.url).host)
        assert.include(
          message,
          "the server there does not use TLS; check whether the base URL should begin with http://"
        )
      }))

    it.live("a certificate that is not trusted", () =>
      Effect.gen(function*() {
        const port = yield* LoopbackServer.selfSigned
        const { isRetryable, message, outcome, reason } = yield* failing(transport, `https://127.0.0.1:${port}`)
        assert.strictEqual(reason._tag, "Unreachable")
        assert.isFalse(isRetryable)
        assert.strictEqual(outcome, "notSent")
        assert.include(message, "DEPTH_ZERO_SELF_SIGNED_CERT")
        assert.include(message, "behind a proxy with its own certificate, name that in NODE_EXTRA_CA_CERTS")
      }))
  })

  describe("redirects", () => {
    it.live.each([301, 302, 303, 307, 308])(
      "with %d are not followed, and no credentials are forwarded",
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

    it.live("are not followed even if fetch is set to, whose other settings still apply", () =>
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

  describe("a client of the application's that follows redirects", () => {
    it.live.each([Client.apiToken, Client.globalKey])(
      "sends no credentials to another host, whose answer is refused",
      (credentials) =>
        Effect.gen(function*() {
          const other = yield* LoopbackServer.make(LoopbackServer.json(answered))
          const elsewhere = other.url.replace("127.0.0.1", "localhost")
          const { fail, server } = yield* Client.serving(follow(transport, 3), { credentials })(
            LoopbackServer.text("", { status: 307, headers: { location: `${elsewhere}/steal` } })
          )
          for (const tracerEnabled of [true, false]) {
            const { message, reason } = yield* fail(Client.ask).pipe(
              Effect.provideService(References.TracerEnabled, tracerEnabled),
              Effect.provideService(Tracer.DisablePropagation, !tracerEnabled)
            )
            assert.strictEqual(reason._tag, "UnexpectedResponse")
            assert.include(
              message,
              `a redirect to ${elsewhere}, which the application's HttpClient would have followed with the credentials`
            )
          }
          assert.strictEqual(server.received.length, 2)
          assert.deepStrictEqual(other.received, [])
        })
    )

    it.live("may follow redirects on the same host", () =>
      Effect.gen(function*() {
        const { run, server } = yield* Client.serving(follow(transport, 3))(
          LoopbackServer.text("", { status: 307, headers: { location: "/there" } }),
          LoopbackServer.json(answered)
        )
        assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
        assert.strictEqual(server.received.length, 2)
      }))

    it.live("may rewrite the URL to a host of its choice", () =>
      Effect.gen(function*() {
        const gateway = yield* LoopbackServer.make(LoopbackServer.json(answered))
        const rewriting = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setUrl(`${gateway.url}/gateway`)))
        ).pipe(Layer.provide(transport))
        const { run } = yield* Client.serving(rewriting)(LoopbackServer.silence)
        assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      }))

    it.live("keeps its defects as defects", () =>
      Effect.gen(function*() {
        const broken = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.transformResponse(Effect.andThen(Effect.die("boom"))))
        ).pipe(Layer.provide(transport))
        const { run } = yield* Client.serving(broken)(LoopbackServer.json(answered))
        assert.isTrue(Exit.hasDies(yield* Effect.exit(run(Client.ask))))
      }))
  })

  describe("trace headers", () => {
    const ok = LoopbackServer.json(answered)

    it.live("are not sent by default", () =>
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

    it.live("are not sent without a trace", () =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(ok)
        yield* run(Client.ask).pipe(
          Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, propagateTraces: true })),
          Effect.provideService(References.TracerEnabled, false)
        )
        assert.deepStrictEqual(traces(server), [[undefined, undefined]])
      }))

    it.live("are sent with propagateTraces", () =>
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

  it.live("a client that fails on other statuses does not hide Cloudflare's error", () =>
    Effect.gen(function*() {
      const strict = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.filterStatusOk))
      const { fail } = yield* Client.serving(Layer.provide(strict, transport))(
        LoopbackServer.json(Client.failure({ code: 10001, message: "operation not found" }), { status: 404 })
      )
      const { message, reason } = yield* fail(Client.ask)
      assert.strictEqual(reason._tag, "NotFound")
      assert.include(message, "operation not found (code 10001)")
    }))

  it.live("a client that retries by itself leaves the outcome unknown", () =>
    Effect.gen(function*() {
      const port = yield* unusedPort
      const retrying = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, HttpClient.retry({ times: 1 }))
      ).pipe(Layer.provide(transport))
      const { fail } = yield* Client.serving(retrying, { baseUrl: `http://127.0.0.1:${port}` })(LoopbackServer.silence)
      const { outcome, reason } = yield* fail(Client.ask)
      assert.strictEqual(reason._tag, "TransportError")
      assert.strictEqual(outcome, "unknown")
    }))

  describe("a request that cannot be sent is InvalidRequest, and is not retried:", () => {
    const get = HttpClientRequest.get("/x")
    const brew: unknown = "BREW"

    it.live.each(
      [
        ["a header with a line break", HttpClientRequest.setHeader(get, "x-a", "a\r\nb"), "the header x-a holds"],
        ["a header of another alphabet", HttpClientRequest.setHeader(get, "x-a", "é 操作"), "the header x-a holds"],
        ["a header with a blank in its name", HttpClientRequest.setHeader(get, "x a", "a"), "the header x a holds"],
        ["GET with a body", HttpClientRequest.bodyText(get, "hello"), "a GET has no body"],
        [
          "HEAD with a body",
          HttpClientRequest.bodyText(HttpClientRequest.head("/x"), "hello"),
          "a HEAD has no body"
        ],
        ["another method", Object.assign(Object.create(get), { method: brew }), "there is no HTTP method BREW"]
      ] as const
    )("%s", ([, request, words]) =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(LoopbackServer.json(answered))
        const call = CloudflareApi.CloudflareApi.use((api) => api.request(request, Schema.Unknown))
        const { isRetryable, message, outcome, reason } = yield* Effect.flip(run(call))
        assert.strictEqual(reason._tag, "InvalidRequest")
        assert.isFalse(isRetryable)
        assert.strictEqual(outcome, "notSent")
        assert.include(message, `The request was not sent: ${words}`)
        assert.deepStrictEqual(server.received, [])
      }))

    it.live("unlike one with a valid header", () =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(LoopbackServer.json(answered))
        const request = HttpClientRequest.setHeaders(get, { "x-a": "a\tb é ~", "x_b.c": "1" })
        yield* run(CloudflareApi.CloudflareApi.use((api) => api.request(request, Schema.Unknown)))
        assert.strictEqual(server.received[0]?.headers["x_b.c"], "1")
      }))

    it.live("unlike POST with a body", () =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(LoopbackServer.json(answered))
        const request = HttpClientRequest.bodyText(HttpClientRequest.post("/x"), "hello")
        yield* run(CloudflareApi.CloudflareApi.use((api) => api.request(request, Schema.Unknown)))
        assert.strictEqual(server.received[0]?.headers["content-length"], "5")
      }))
  })

  it.live("an effect that fetches the credentials is not restricted in its own requests", () =>
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

describe("failure", () => {
  const request = HttpClientRequest.get("http://127.0.0.1/")
  const call = { method: "GET", path: "/" }
  const failure = (cause: unknown, sent = 1, facts: object = {}) =>
    Transport.failure(
      new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) }),
      { ...call, ...facts },
      { origin: undefined, sent }
    )

  it.each([
    "CERT_HAS_EXPIRED",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "HOSTNAME_MISMATCH"
  ])("names an untrusted certificate for %s", (code) => {
    const { detail, reason } = failure(new TypeError("fetch failed", { cause: nodeError("no", { code }) }))
    assert.strictEqual(reason, "Unreachable")
    assert.include(detail, `fetch failed: no (${code}): the certificate is not trusted;`)
  })

  it.each(["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG", "ERR_SSL_HTTP_REQUEST"])(
    "names a server without TLS for %s",
    (code) => {
      const { detail, reason } = failure(nodeError("no", { code }))
      assert.strictEqual(reason, "Unreachable")
      assert.include(detail, `no (${code}): the server there does not use TLS;`)
    }
  )

  it.each([
    ["bad port", "fetch does not connect to this port"],
    ["Proxy response (407) !== 200 when HTTP Tunneling", "the proxy requires credentials"]
  ])("is Unreachable for %s", (text, advice) => {
    const { detail, reason } = failure(new TypeError("fetch failed", { cause: new Error(text) }))
    assert.strictEqual(reason, "Unreachable")
    assert.include(detail, `fetch failed: ${text}: ${advice}`)
  })

  it.each([
    ["ECONNREFUSED", "connect"],
    ["ETIMEDOUT", "connect"],
    ["ENOTFOUND", "getaddrinfo"],
    ["UND_ERR_CONNECT_TIMEOUT", undefined]
  ])("is known to be before anything was sent for %s", (code, syscall) => {
    const cause = nodeError("no", { code, syscall })
    assert.deepInclude(failure(cause), { reason: "TransportError", neverSent: true })
    assert.notProperty(failure(cause, 2), "neverSent")
    assert.notProperty(failure(cause, 1, { status: 200 }), "neverSent")
  })

  it.each([
    ["ECONNRESET", "read"],
    ["EPIPE", "write"],
    ["UND_ERR_SOCKET", undefined],
    ["ERR_SSL_BAD_RECORD", undefined]
  ])("may be at any time for %s", (code, syscall) => {
    const failed = failure(nodeError("no", { code, syscall }))
    assert.strictEqual(failed.reason, "TransportError")
    assert.notProperty(failed, "neverSent")
  })

  it("names a proxy as a possible reason for a fetch without one", () => {
    const { detail, reason } = failure(new TypeError("fetch failed"))
    assert.strictEqual(reason, "TransportError")
    assert.strictEqual(detail, "fetch failed without a reason, as when a proxy answers 407")
    assert.strictEqual(failure(new TypeError("fetch failed", { cause: new Error("no") })).detail, "fetch failed: no")
  })

  it("is InvalidRequest for a request that undici refuses", () => {
    assert.strictEqual(failure(nodeError("invalid path", { code: "UND_ERR_INVALID_ARG" })).reason, "InvalidRequest")
  })

  it.each([
    new HttpClientError.InvalidUrlError({ request, cause: new Error("no URL") }),
    new HttpClientError.EncodeError({ request, cause: new Error("no URL") })
  ])("is InvalidRequest for a request that cannot be made", (reason) => {
    assert.deepStrictEqual(
      Transport.failure(new HttpClientError.HttpClientError({ reason }), call, { origin: undefined, sent: 0 }),
      { ...call, reason: "InvalidRequest", detail: "no URL" }
    )
  })

  it("names the call if there is no cause", () => {
    assert.strictEqual(failure(undefined).detail, "Transport error (GET http://127.0.0.1/)")
    assert.strictEqual(failure(new Error()).detail, "Transport error (GET http://127.0.0.1/)")
  })
})
