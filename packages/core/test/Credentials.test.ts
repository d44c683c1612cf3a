import { CloudflareApi, CloudflareError, Credentials } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Console, Duration, Effect, Exit, Logger, Redacted, References, Result, Schema } from "effect"
import { HttpClient } from "effect/http"
import { TestConsole } from "effect/testing"
import { inspect } from "node:util"
import * as Client from "./Client.ts"
import * as LoopbackServer from "./LoopbackServer.ts"
import * as Spans from "./Spans.ts"

const { secret } = Client

const both = [Client.apiToken, Client.globalKey].map((credentials) => [credentials._tag, credentials] as const)

const running = LoopbackServer.json(Client.success({ id: "op", status: "running" }))

describe("headers", () => {
  it.live.each(Client.transports)(
    "contain the given credentials and no others, over %s",
    ([, transport]) =>
      Effect.gen(function*() {
        const sent: Array<Record<string, unknown>> = []
        for (const [, credentials] of both) {
          const { run, server } = yield* Client.serving(transport, { credentials })(running)
          yield* run(Client.get("op"))
          for (const { headers } of server.received) {
            sent.push(
              Object.fromEntries(Object.entries(headers).filter(([name]) => /auth|cookie|key|token/.test(name)))
            )
          }
        }
        assert.deepStrictEqual(sent, [
          { authorization: `Bearer ${secret}` },
          { "x-auth-email": "user@example.com", "x-auth-key": secret }
        ])
      })
  )
})

describe("Credentials", () => {
  const isValid = Schema.is(Schema.toType(Credentials.Credentials))

  it.each(["t", "5ecret", "v1.0-abc_DEF~+/=", "a".repeat(1000)])("a secret may be %s", (text) => {
    assert.isTrue(isValid(Credentials.apiToken(Redacted.make(text))))
    assert.isTrue(isValid(Credentials.globalKey({ email: "user+tag@example.com", key: Redacted.make(text) })))
  })

  it.each(["", " ", "a b", "a\n", "\ta", "\"a\"", "'a'", "a:b", "é", "a\0", "a\u007f"])(
    "a secret may not be %j",
    (text) => {
      assert.isFalse(isValid(Credentials.apiToken(Redacted.make(text))))
      assert.isFalse(isValid(Credentials.globalKey({ email: "user@example.com", key: Redacted.make(text) })))
    }
  )

  it.each(["", "user @example.com", "user@example.com\n", "usér@example.com"])("an email may not be %j", (email) => {
    assert.isFalse(isValid(Credentials.globalKey({ email, key: Redacted.make("key") })))
  })

  it.each(both)("do not show the secret: %s", (_, credentials) => {
    const shown = [
      String(credentials),
      JSON.stringify(credentials),
      inspect(credentials, { depth: Infinity, showHidden: true })
    ]
    for (const text of shown) assert.notInclude(text, secret)
  })

  it.each(both)("do not show the secret when they are refused: %s", (_, { _tag }) => {
    const redacted = Redacted.make(`${secret}\n`)
    const refused = Schema.decodeResult(Schema.toType(Credentials.Credentials), { reportInput: true })(
      _tag === "ApiToken"
        ? Credentials.apiToken(redacted)
        : Credentials.globalKey({ email: "user@example.com", key: redacted })
    )
    assert.isTrue(Result.isFailure(refused))
    assert.notInclude(String(refused), secret)
    assert.notInclude(inspect(refused, { depth: Infinity }), secret)
  })
})

// Everything that a call leaves behind for people to read: its error, what is logged of it, and its spans.
const traces = (call: Effect.Effect<unknown, CloudflareError.CloudflareError>) =>
  Effect.gen(function*() {
    const { spans, tracer } = Spans.record()
    const console = yield* TestConsole.make
    const exit = yield* call.pipe(
      Effect.tapCause((cause) =>
        Effect.andThen(Effect.logError("failed", Cause.squash(cause)), Effect.logError("failed", cause))
      ),
      Effect.tap((operation) => Effect.log("succeeded", operation)),
      Effect.withSpan("caller"),
      Effect.exit,
      Effect.withTracer(tracer),
      Effect.provideService(HttpClient.TracerHeaderFilter, () => true),
      Effect.provideService(References.MinimumLogLevel, "All"),
      Effect.provide(Logger.layer([
        Logger.defaultLogger,
        Logger.tracerLogger,
        Logger.consoleJson,
        Logger.consoleLogFmt,
        Logger.consoleStructured,
        Logger.consolePretty()
      ])),
      Effect.provideService(Console.Console, console)
    )
    const logs = [...(yield* console.logLines), ...(yield* console.errorLines)]
    assert.isAtLeast(logs.length, 5)
    return { exit, logs, spans }
  })

const readable = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value),
  inspect(value, { depth: Infinity }),
  inspect(value, { depth: Infinity, showHidden: true })
]

const echo = `your token ${secret} is wrong`
const page = `<html><head><title>${echo}</title></head><body>${echo}</body></html>`
const refusal = Client.failure(
  {
    code: 1,
    message: echo,
    documentation_url: `https://example.com/${secret}`,
    source: { pointer: `/${secret}` },
    error_chain: [{ message: echo }]
  },
  echo,
  { [secret]: { echo } }
)

// Wherever the echo is cut, nothing of it may stay.
const cuts = Array.from({ length: 60 }, (_, index) => 470 + index)

const leaks: ReadonlyArray<readonly [string, LoopbackServer.Answer, tag: string]> = [
  ["success", running, "success"],
  [
    "success that echoes",
    LoopbackServer.json({ ...Client.success({ id: "op", status: "running" }), messages: [echo] }),
    "success"
  ],
  ["401", LoopbackServer.json(refusal, { status: 401 }), "Unauthorized"],
  ["403", LoopbackServer.json(refusal, { status: 403 }), "Forbidden"],
  ["403 with a page", LoopbackServer.text(page, { status: 403 }), "Blocked"],
  ["404", LoopbackServer.json(refusal, { status: 404 }), "NotFound"],
  ["400", LoopbackServer.json(refusal, { status: 400 }), "InvalidRequest"],
  ["429", LoopbackServer.json(refusal, { status: 429 }), "RateLimited"],
  ["500", LoopbackServer.json(refusal, { status: 500 }), "ServerError"],
  ["502 with a page", LoopbackServer.text(page, { status: 502 }), "ServerError"],
  ["502 with text", LoopbackServer.text(echo, { status: 502 }), "ServerError"],
  ["200 with success: false", LoopbackServer.json(refusal), "InvalidRequest"],
  ["200 with a page", LoopbackServer.text(page), "MalformedResponse"],
  ["half a JSON", LoopbackServer.text(`{"result":"${echo}`), "TransportError"],
  ["a ray", LoopbackServer.json(refusal, { status: 500, headers: { "cf-ray": secret } }), "ServerError"],
  [
    "problem JSON",
    LoopbackServer.json({ error_code: 1020, title: echo, detail: echo, ray_id: secret }, { status: 403 }),
    "Blocked"
  ],
  ["200 with no success", LoopbackServer.json({ echo }), "UnexpectedResponse"],
  [
    "an unknown status",
    LoopbackServer.json(Client.success({ id: "op", status: secret, [secret]: echo })),
    "UnexpectedResponse"
  ],
  [
    "a time that is none",
    LoopbackServer.json(Client.success({ id: "op", status: "completed", completed: secret })),
    "success"
  ],
  ["another operation", LoopbackServer.json(Client.success({ id: secret, status: "running" })), "UnexpectedResponse"],
  [
    "a redirect",
    LoopbackServer.text("", { status: 302, headers: { location: `https://example.com/?token=${secret}` } }),
    "UnexpectedResponse"
  ],
  ["a body that stops", (response, socket) => {
    response.writeHead(200, { "content-length": 1000 }).write(echo, () => socket.destroy())
  }, "TransportError"],
  ["an answer that is not HTTP", (_, socket) => socket.end(`${echo}\r\n\r\n`), "TransportError"],
  ["headers that are not HTTP", (_, socket) => socket.end(`HTTP/1.1 200 OK\r\n${secret}\r\n\r\n`), "TransportError"],
  ["silence", LoopbackServer.silence, "Timeout"]
]

describe.each(Client.transports)("over %s", (_, transport) => {
  describe.each(both)("the secret of %s appears in no error, log or span:", (_, credentials) => {
    it.live.each(leaks)("%s", ([, answer, tag]) =>
      Effect.gen(function*() {
        const { run } = yield* Client.serving(transport, { credentials })(answer)
        // Only silence is to be waited for.
        const timeout = tag === "Timeout" ? "50 millis" : "30 seconds"
        const { exit, logs, spans } = yield* traces(
          run(Client.get("op")).pipe(
            Effect.updateService(
              CloudflareApi.RequestPolicy,
              (policy) => ({ ...policy, timeout: Duration.fromInputUnsafe(timeout) })
            )
          )
        )
        const texts = logs.flatMap(readable)
        if (Exit.isFailure(exit)) {
          const error = Cause.squash(exit.cause)
          assert.instanceOf(error, CloudflareError.CloudflareError)
          assert.strictEqual<string>(error.reason._tag, tag)
          const encoded = yield* Schema.encodeEffect(CloudflareError.CloudflareError)(error)
          texts.push(
            error.message,
            error.stack ?? "",
            Cause.pretty(exit.cause),
            ...[error, exit, encoded].flatMap(readable)
          )
        } else {
          assert.strictEqual("success", tag)
        }

        assert.deepStrictEqual(spans.map(({ name }) => name), ["caller", "BulkOperations.get", "GET"])
        for (const { attributes, events, name, status } of spans) {
          texts.push(
            name,
            ...readable([...attributes]),
            ...readable(events.map(([name, , attributes]) => [name, attributes]))
          )
          // As an exporter writes it, outside of any fiber.
          if (status._tag === "Ended") texts.push(...readable(status.exit))
          if (status._tag === "Ended" && Exit.isFailure(status.exit)) texts.push(Cause.pretty(status.exit.cause))
        }

        for (const text of texts) assert.notInclude(text, secret)
      }))

    it.live("an echo that is cut", () =>
      Effect.gen(function*() {
        let at = 0
        const { fail } = yield* Client.serving(transport, { credentials })((response, socket) => {
          const before = "x".repeat(cuts[at++] ?? 0)
          LoopbackServer.text(`${before}${secret}`, { status: 500 })(response, socket)
        })
        for (const before of cuts) {
          const { message } = yield* fail(Client.get("op"))
          assert.include(message, "x".repeat(Math.min(500, before)))
          assert.notInclude(message, secret.slice(0, 3))
        }
      }))

    it.live("credentials from an effect", () =>
      Effect.gen(function*() {
        const { fail } = yield* Client.serving(transport, { credentials: Effect.succeed(credentials) })(
          LoopbackServer.json(refusal, { status: 401 })
        )
        const error = yield* fail(Client.get("op"))
        for (const text of readable(error)) assert.notInclude(text, secret)
        assert.include(error.message, "your token <redacted> is wrong")
      }))
  })
})

describe("connection refused", () => {
  it.live.each(Client.transports)("does not show the secret over %s", ([, transport]) =>
    Effect.gen(function*() {
      for (const [, credentials] of both) {
        const nobody = Client.layer(transport, { baseUrl: "http://127.0.0.1:1", credentials })
        const { exit, logs } = yield* traces(Client.withoutRetry(Client.get("op")).pipe(Effect.provide(nobody)))
        for (const text of [exit, ...logs].flatMap(readable)) assert.notInclude(text, secret)
      }
    }))
})
