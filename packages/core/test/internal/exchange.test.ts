import { CloudflareApi, CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Schema, Tracer } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as Client from "../Client.ts"
import * as ScriptedHttpClient from "../ScriptedHttpClient.ts"
import * as Spans from "../Spans.ts"

const { secret } = Client

// How a server may give back what it was sent.
const echoes: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  url: encodeURIComponent,
  json: (text) => text.replaceAll("/", "\\/"),
  html: (text) => text.replaceAll("/", "&#x2F;").replaceAll("=", "&#61;"),
  hidden: (text) => Array.from(text).join("\u200b")
}

const Echo = Schema.Struct({
  how: Schema.Literals(Object.keys(echoes)),
  before: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2200 })),
  after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  filler: Schema.Literals(["x", " ", "\n", "\0", "\u202e", "é"])
})
type Echo = typeof Echo.Type

const textOf = ({ after, before, filler, how }: Echo) =>
  filler.repeat(before) + (echoes[how]?.(secret) ?? "") + filler.repeat(after)

const wrap: Readonly<Record<string, (text: string) => string>> = {
  page: (text) => `<html><head><title>${text}</title></head></html>`,
  text: (text) => text,
  half: (text) => `{"result":"${text.replace(/\p{Cc}/gu, "")}`,
  errors: (text) =>
    JSON.stringify({ success: false, errors: [text, { message: text, error_chain: [{ message: text }] }] }),
  odd: (text) => JSON.stringify({ success: false, errors: [{ [text]: { [text]: [text] } }] }),
  links: (text) =>
    JSON.stringify({ success: false, errors: [{ message: "m", documentation_url: text, source: { pointer: text } }] }),
  messages: (text) => JSON.stringify({ success: false, messages: [text] }),
  result: (text) => JSON.stringify({ success: true, result: { answer: text, [text]: text } }),
  success: (text) => JSON.stringify({ success: text }),
  problem: (text) => JSON.stringify({ error_code: 1020, title: text, detail: text, ray_id: text })
}

// What a header can hold.
const headerOf = (text: string) => text.replace(/[^\x20-\x7e]/g, "")

const Answer = Schema.Struct({
  status: Schema.Literals([200, 301, 400, 401, 403, 404, 407, 408, 409, 429, 500, 503]),
  body: Schema.Literals(Object.keys(wrap)),
  headers: Schema.Array(
    Schema.Literals(["cf-ray", "location", "retry-after", "date", "content-encoding", "cf-mitigated"])
  ),
  echo: Echo
})

const serverOf = ({ body, echo, headers, status }: typeof Answer.Type) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => {
      const text = textOf(echo)
      const named = headers.map((name) => [name, headerOf(text)] as const)
      const response = new Response(wrap[body]?.(text) ?? "", { status, headers: Object.fromEntries(named) })
      return Effect.succeed(HttpClientResponse.fromWeb(request, response))
    })
  )

// Eight characters of a secret in a log are as bad as all of it.
const beginning = secret.slice(0, 8)

const everything = (
  exit: Exit.Exit<unknown, CloudflareError.CloudflareError>,
  spans: ReadonlyArray<Tracer.NativeSpan>
) => [
  ...spans.flatMap(({ attributes, status }) => [
    JSON.stringify([...attributes]),
    JSON.stringify(status._tag === "Ended" && status.exit),
    inspect(status, { depth: Infinity })
  ]),
  JSON.stringify(exit),
  inspect(exit, { depth: Infinity, showHidden: true }),
  Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
]

describe("a token that the server echoes everywhere", () => {
  it.effect.prop("appears in no error and no span", [Answer], ([answer]) =>
    Effect.gen(function*() {
      const { spans, tracer } = Spans.record()
      const exit = yield* Client.ask.pipe(
        Client.withoutRetry,
        Effect.withTracer(tracer),
        Effect.provide(Client.layer(serverOf(answer), {})),
        Effect.exit
      )
      assert.isTrue(Exit.isFailure(exit))
      for (const text of everything(exit, spans)) assert.notInclude(text, beginning)
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, CloudflareError.CloudflareError)
      assert.isBelow(error.message.length, 2700)
      assert.notMatch(error.message, /[\p{Cc}\p{Cf}\p{Cs}]/u)
      assert.isBelow(JSON.stringify(error).length, 12_000)
    }), { arbitrary: { runs: 300 } })

  it.effect("appears in no error and no span from the path of the request either", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Spans.record()
      const request = HttpClientRequest.get(`/${"x".repeat(280)}${secret}\u202e`)
      const exit = yield* CloudflareApi.CloudflareApi.use((api) => api.request(request, Schema.Unknown)).pipe(
        Client.withoutRetry,
        Effect.withTracer(tracer),
        Effect.provide(
          Client.layer(
            serverOf({
              status: 500,
              body: "text",
              headers: [],
              echo: { how: "plain", before: 0, after: 0, filler: "x" }
            }),
            {}
          )
        ),
        Effect.exit
      )
      for (const text of everything(exit, spans)) assert.notInclude(text, beginning)
    }))
})

// What became of a request without an answer.
const late = (options: Partial<CloudflareApi.Options>) =>
  Effect.gen(function*() {
    const { layer } = ScriptedHttpClient.make("hang")
    const call = Client.ask.pipe(Client.withoutRetry, Effect.provide(Client.layer(layer, options)), Effect.flip)
    const fiber = yield* Effect.forkChild(call, { startImmediately: true })
    yield* TestClock.adjust("30 seconds")
    const { message, outcome } = yield* Fiber.join(fiber)
    assert.include(message, "no complete answer within 30s")
    return outcome
  })

describe("a request that takes too long", () => {
  it.effect("may have arrived", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* late({}), "unknown")
    }))

  it.effect("was not sent if the credentials took all the time", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* late({ credentials: Effect.never }), "notSent")
    }))
})

describe("spans", () => {
  it.effect("name the method, server, URL and outcome of a request", () =>
    Effect.gen(function*() {
      const attributes = []
      for (const status of [200, 503] as const) {
        const { spans, tracer } = Spans.record()
        const client = HttpClient.make((request) =>
          Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(Client.answered, { status })))
        )
        yield* Client.ask.pipe(
          Client.withoutRetry,
          Effect.withTracer(tracer),
          Effect.provide(Client.layer(Layer.succeed(HttpClient.HttpClient, client), {})),
          Effect.exit
        )
        assert.deepStrictEqual(spans.map(({ kind, name }) => [kind, name]), [["client", "GET"]])
        attributes.push(Object.fromEntries(spans[0]?.attributes ?? []))
      }
      const request = {
        "http.request.method": "GET",
        "server.address": "api.cloudflare.com",
        "url.full": "https://api.cloudflare.com/client/v4/accounts/acc/rules/lists"
      }
      assert.deepStrictEqual(attributes, [
        { ...request, "http.response.status_code": 200 },
        { ...request, "http.response.status_code": 503, "error.type": "ServerError" }
      ])
    }))

  it.effect.each(["https://gateway.example", "https://gateway.example/"])(
    "name the URL of a request below %s",
    (baseUrl) =>
      Effect.gen(function*() {
        const { spans, tracer } = Spans.record()
        const { layer } = ScriptedHttpClient.make({ body: Client.answered })
        yield* Client.ask.pipe(Effect.withTracer(tracer), Effect.provide(Client.layer(layer, { baseUrl })))
        assert.strictEqual(
          spans[0]?.attributes.get("url.full"),
          "https://gateway.example/accounts/acc/rules/lists"
        )
      })
  )

  it.effect("name the reason of a request without an answer", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Spans.record()
      const { layer } = ScriptedHttpClient.make("reset")
      yield* Client.ask.pipe(
        Client.withoutRetry,
        Effect.withTracer(tracer),
        Effect.provide(Client.layer(layer, {})),
        Effect.exit
      )
      assert.strictEqual(spans[0]?.attributes.get("error.type"), "TransportError")
      assert.isFalse(spans[0]?.attributes.has("http.response.status_code"))
    }))
})
