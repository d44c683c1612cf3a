import { BulkOperations, CloudflareApi, CloudflareError, Credentials, RequestBudget } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Config,
  ConfigProvider,
  Data,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Redacted,
  Schedule,
  Schema
} from "effect"
import { FetchHttpClient, HttpClientRequest, type HttpMethod } from "effect/http"
import { TestClock } from "effect/testing"
import * as Client from "./Client.ts"
import * as LoopbackServer from "./LoopbackServer.ts"
import * as ScriptedHttpClient from "./ScriptedHttpClient.ts"

const { answered, ask, failure } = Client

class SealedVault extends Data.TaggedError("SealedVault")<{ readonly message: string }> {}

const ok = LoopbackServer.json(answered)

const withPolicy = (changes: Partial<CloudflareApi.Policy>) =>
  Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, ...changes }))

const send = (method: HttpMethod.HttpMethod) =>
  CloudflareApi.CloudflareApi.use((api) =>
    api.request(HttpClientRequest.make(method)("/accounts/acc/rules/lists"), Schema.Unknown)
  )

// Headers at once, then nothing.
const headersOnly: LoopbackServer.Answer = (response) => {
  response.writeHead(200, { "content-length": 100 }).flushHeaders()
}

const halfABody: LoopbackServer.Answer = (response) => {
  response.writeHead(200, { "content-length": 100 }).write("{\"success\":")
}

const halfAChunkedBody: LoopbackServer.Answer = (response) => {
  response.writeHead(200).write("{\"success\":")
}

const brokenBody: LoopbackServer.Answer = (response, socket) => {
  response.writeHead(200, { "content-length": 100 }).write("{\"success\":", () => socket.destroy())
}

// A little of a body every 5 ms, for ever.
const trickle: LoopbackServer.Answer = (response, socket) => {
  response.writeHead(200)
  const timer = setInterval(() => response.write(" "), 5)
  socket.once("close", () => clearInterval(timer))
}

const unfinished = [
  ["no answer", LoopbackServer.silence],
  ["headers, then silence", headersOnly],
  ["half a body, then silence", halfABody],
  ["half a body in chunks, then silence", halfAChunkedBody],
  ["a body that trickles", trickle]
] as const

// What became of a call and when it was sent, in milliseconds from its start.
const sentAt = Effect.fnUntraced(function*(
  call: Client.Call<unknown>,
  ...answers: Parameters<typeof ScriptedHttpClient.make>
) {
  const { layer, sent } = ScriptedHttpClient.make(...answers)
  const start = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(Effect.exit(Effect.provide(call, Client.layer(layer, {}))))
  yield* TestClock.adjust("1 day")
  const exit = yield* Fiber.join(fiber)
  const outcome = Exit.isSuccess(exit)
    ? "success"
    : Option.match(Exit.findErrorOption(exit), { onNone: () => "defect", onSome: ({ reason }) => reason._tag })
  return [outcome, ...sent.map(({ at }) => at - start)]
})

const everySecond = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 3 }))
const good: ScriptedHttpClient.Answer = { body: answered }
const down: ScriptedHttpClient.Answer = { status: 503 }
const busy = (retryAfter: string, status = 429): ScriptedHttpClient.Answer => ({
  status,
  headers: { "retry-after": retryAfter },
  body: failure({ code: 971, message: "wait" })
})

const retrying = (changes: Partial<CloudflareApi.Policy>) => withPolicy({ retry: everySecond, ...changes })(ask)

const building = (env: Record<string, string>) =>
  BulkOperations.layer.pipe(
    Layer.provideMerge(CloudflareApi.layerConfig),
    Layer.provide([FetchHttpClient.layer, ConfigProvider.layer(ConfigProvider.fromEnv({ env }))])
  )

const authenticating = (env: Record<string, string>) =>
  Effect.gen(function*() {
    const server = yield* LoopbackServer.make(LoopbackServer.json(Client.success({ id: "op", status: "running" })))
    yield* Client.get("op").pipe(
      Effect.provide(building({ CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_BASE_URL: `${server.url}/v4/`, ...env }))
    )
    return server.received.map(({ headers, target }) => [
      target,
      headers.authorization,
      headers["x-auth-email"],
      headers["x-auth-key"]
    ])
  })

const refused = (env: Record<string, string>) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(Layer.build(building(env)))
    assert.instanceOf(error, Config.ConfigError)
    for (const value of Object.values(env)) if (value !== "") assert.notInclude(error.message, value)
    return error.message
  })

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  describe("timeout", { concurrent: true }, () => {
    it.live.each(unfinished)(
      "covers headers and body, and closes the connection: %s",
      ([, answer]) =>
        Effect.gen(function*() {
          const { fail, server } = yield* serving(answer)
          const { isRetryable, message, reason } = yield* fail(withPolicy({ timeout: "100 millis" })(ask))
          assert.strictEqual(reason._tag, "Timeout")
          assert.isTrue(isRetryable)
          assert.strictEqual(
            message,
            "Cloudflare did not answer in time: no complete answer within 100ms. Try again later. (GET /accounts/acc/rules/lists)"
          )
          const { disconnected } = yield* server.arrival(0)
          yield* disconnected
          assert.strictEqual(server.received.length, 1)
        })
    )
  })

  describe("interruption", { concurrent: true }, () => {
    it.live.each(unfinished)("aborts the request in flight: %s", ([, answer]) =>
      Effect.gen(function*() {
        const { run, server } = yield* serving(answer)
        const fiber = yield* Effect.forkChild(run(ask))
        const { disconnected } = yield* server.arrival(0)
        // Long enough for what there is of the answer to arrive.
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(fiber)
        yield* disconnected
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      }))
  })

  describe("retry", () => {
    it.live("resends a request that failed on the way, with the current credentials", () =>
      Effect.gen(function*() {
        let issued = 0
        const credentials = Effect.sync(() => Credentials.apiToken(Redacted.make(`token-${++issued}`)))
        const server = yield* LoopbackServer.make(
          (_, socket) => socket.resetAndDestroy(),
          LoopbackServer.text("bad gateway", { status: 502 }),
          LoopbackServer.json(failure({ code: 971, message: "wait" }), {
            status: 429,
            headers: { "retry-after": "0" }
          }),
          ok
        )
        const result = yield* ask.pipe(
          withPolicy({ retry: Schedule.recurs(3) }),
          Effect.provide(Client.layer(transport, { baseUrl: server.url, credentials }))
        )
        assert.deepStrictEqual(result, { answer: 42 })
        assert.deepStrictEqual(
          server.received.map(({ headers }) => headers.authorization),
          ["Bearer token-1", "Bearer token-2", "Bearer token-3", "Bearer token-4"]
        )
      }))
  })

  describe("base URL", () => {
    it.live.each([
      ["", "/accounts/acc/rules/lists"],
      ["/", "/accounts/acc/rules/lists"],
      ["/client/v4", "/client/v4/accounts/acc/rules/lists"],
      ["/client/v4/", "/client/v4/accounts/acc/rules/lists"],
      ["/?", "/accounts/acc/rules/lists"],
      ["/client/v4#", "/client/v4/accounts/acc/rules/lists"],
      [" \n", "/accounts/acc/rules/lists"]
    ])("may end in %j", ([end = "", target]) =>
      Effect.gen(function*() {
        const server = yield* LoopbackServer.make(ok)
        yield* ask.pipe(Effect.provide(Client.layer(transport, { baseUrl: `${server.url}${end}` })))
        assert.deepStrictEqual(server.received.map((request) => request.target), [target])
      }))

    it.live.each(
      [
        ["no URL", () => "nope"],
        ["nothing", () => ""],
        ["a path", () => "/client/v4"],
        ["no scheme", (url: string) => url.replace("http://", "")],
        ["another scheme", () => "ftp://127.0.0.1"],
        ["a scheme that ends alike", () => "xhttp://127.0.0.1"],
        ["a scheme that begins alike", () => "httpx://127.0.0.1"],
        ["a file", () => "file:///etc/hosts"],
        ["a host with a space", () => "http://a b/"],
        ["a user", (url: string) => url.replace("http://", "http://user@")],
        ["a password", (url: string) => url.replace("http://", `http://:${Client.secret}@`)],
        ["a query", (url: string) => `${url}/?a=b`],
        ["a hash", (url: string) => `${url}/#a`]
      ] as const
    )("that has %s is refused, and nothing is sent", ([, baseUrl]) =>
      Effect.gen(function*() {
        const server = yield* LoopbackServer.make(ok)
        const error = yield* ask.pipe(
          Effect.provide(Client.layer(transport, { baseUrl: baseUrl(server.url) })),
          Effect.flip
        )
        assert.strictEqual(error.reason._tag, "InvalidRequest")
        assert.strictEqual(
          error.message,
          "The request was not sent: the base URL: Expected an http or https URL without credentials, query or hash. Sending it again unchanged will not help. (GET /accounts/acc/rules/lists)"
        )
        assert.deepStrictEqual(server.received, [])
      }))
  })

  describe("answer", () => {
    const page = { ...answered, result_info: { cursors: { after: "next" }, count: 1 } }
    const asked = CloudflareApi.CloudflareApi.use((api) =>
      api.answer(Client.request, Schema.Struct({ answer: Schema.Int }))
    )

    it.live("has the result, the cursor of the next page, the status and the headers", () =>
      Effect.gen(function*() {
        const { run } = yield* serving(LoopbackServer.json(page, { status: 201, headers: { "cf-ray": "a-MIA" } }))
        const { headers, unexpected, ...rest } = yield* run(asked)
        assert.deepStrictEqual(rest, {
          result: { answer: 42 },
          resultInfo: { cursors: { after: "next" }, count: 1 },
          status: 201
        })
        assert.strictEqual(headers["cf-ray"], "a-MIA")
        assert.deepInclude({ ...unexpected(`not ${Client.secret}`).reason }, {
          _tag: "UnexpectedResponse",
          method: "GET",
          path: "/accounts/acc/rules/lists",
          status: 201,
          ray: "a-MIA",
          detail: "not <redacted>"
        })
      }))

    it.live("has an empty resultInfo if there is only one page", () =>
      Effect.gen(function*() {
        const { run } = yield* serving(ok)
        assert.deepStrictEqual((yield* run(asked)).resultInfo, {})
      }))

    it.live("fails as request does", () =>
      Effect.gen(function*() {
        const { fail } = yield* serving(LoopbackServer.text("", { status: 502 }))
        assert.strictEqual((yield* fail(asked)).reason._tag, "ServerError")
      }))
  })

  it.live("the headers of an answer reach the budget of its credentials", () =>
    Effect.gen(function*() {
      const nothingLeft = { ratelimit: "\"default\";r=0;t=40" }
      const server = yield* LoopbackServer.make(LoopbackServer.json(answered, { headers: nothingLeft }))
      const credentials = Credentials.apiToken(Redacted.make("a-token-that-used-up-everything"))
      yield* ask.pipe(Effect.provide(Client.layer(transport, { baseUrl: server.url, credentials })))
      const { blockedFor } = yield* RequestBudget.left(credentials, server.url)
      assert.isAbove(Duration.toSeconds(blockedFor), 30)
    }))

  describe("AnswerObserver", () => {
    it.live("receives every answer before its body is read, failures included", () =>
      Effect.gen(function*() {
        const seen: Array<readonly [status: number, ratelimit: string | undefined]> = []
        const observe = ({ headers, status }: CloudflareApi.AnswerHead) =>
          Effect.sync(() => {
            seen.push([status, headers["ratelimit"]])
          })
        const headers = { ratelimit: "\"default\";r=50;t=30" }
        const server = yield* LoopbackServer.make(
          LoopbackServer.text("", { status: 500, headers }),
          brokenBody,
          LoopbackServer.json(failure({ code: 971, message: "wait" }), { status: 429 }),
          ok
        )
        yield* ask.pipe(
          withPolicy({ retry: Schedule.recurs(3) }),
          Effect.provideService(CloudflareApi.AnswerObserver, observe),
          Effect.provide(Client.layer(transport, { baseUrl: server.url }))
        )
        assert.deepStrictEqual(seen, [[500, headers.ratelimit], [200, undefined], [429, undefined], [200, undefined]])
      }))
  })
})

describe("policy", () => {
  it.effect.each<[Partial<CloudflareApi.Policy>, string]>([
    [{ timeout: -1 }, "timeout of RequestPolicy is -1. It must be longer than zero."],
    [{ timeout: Number.NaN }, "timeout of RequestPolicy is NaN, which is no duration."],
    [{ timeout: JSON.parse(`"2s"`) }, `timeout of RequestPolicy is "2s", which is no duration.`],
    [{ maxRetryAfter: -1 }, "maxRetryAfter of RequestPolicy is -1. It must not be negative."]
  ])("refuses %j before anything is sent", ([policy, text]) =>
    Effect.gen(function*() {
      const { layer, sent } = ScriptedHttpClient.make("hang")
      const exit = yield* ask.pipe(withPolicy(policy), Effect.provide(Client.layer(layer, {})), Effect.exit)
      assert.lengthOf(sent, 0)
      const defect = Exit.isFailure(exit) && Cause.squash(exit.cause)
      assert(defect instanceof RangeError)
      assert.include(defect.message, text)
    }))

  describe("retry", () => {
    it.effect("happens three times by default, after about 0.5, 1 and 2 seconds", () =>
      Effect.gen(function*() {
        const [outcome, ...at] = yield* sentAt(ask, down)
        assert.strictEqual(outcome, "ServerError")
        const gaps = at.slice(1).map((time, index) => Number(time) - Number(at[index]))
        assert.strictEqual(gaps.length, 3)
        for (const [index, expected] of [500, 1000, 2000].entries()) {
          assert.isAtLeast(gaps[index] ?? 0, expected * 0.8)
          assert.isAtMost(gaps[index] ?? 0, expected * 1.2)
        }
      }))

    it.effect.each(
      [
        ["RateLimited", { status: 429 }],
        ["ServerError", { status: 502 }],
        ["TransportError", "reset"],
        ["Timeout", { status: 408 }],
        ["ServerError", { status: 409 }],
        ["MalformedResponse", { body: {} }],
        ["Blocked", { status: 503, headers: { "cf-mitigated": "challenge" } }]
      ] as const
    )("a transient error is tried again: %s", ([tag, answer]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentAt(withPolicy({ retry: everySecond })(ask), answer), [
          tag,
          0,
          1000,
          2000,
          3000
        ])
        assert.deepStrictEqual(
          yield* sentAt(withPolicy({ retry: everySecond })(ask), answer, answer, good),
          ["success", 0, 1000, 2000]
        )
      }))

    it.effect.each(
      [
        ["Unauthorized", { status: 401 }],
        ["Forbidden", { status: 403 }],
        ["NotFound", { status: 404 }],
        ["InvalidRequest", { status: 400 }],
        ["UnexpectedResponse", { body: { id: "op" } }]
      ] as const
    )("what stays is not: %s", ([tag, answer]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentAt(withPolicy({ retry: everySecond })(ask), answer), [tag, 0])
      }))

    it.effect("ends with a permanent error, after transient errors", () =>
      Effect.gen(function*() {
        const retrying = withPolicy({ retry: everySecond })(ask)
        assert.deepStrictEqual(yield* sentAt(retrying, down, "reset", { status: 404 }), ["NotFound", 0, 1000, 2000])
      }))

    it.effect.each(["GET", "HEAD", "OPTIONS"] as const)("happens after %s", (method) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(
          yield* sentAt(withPolicy({ retry: everySecond })(send(method)), down, good),
          ["success", 0, 1000]
        )
      }))

    it.effect.each(["POST", "PUT", "PATCH", "DELETE"] as const)(
      "never happens for %s",
      (method) =>
        Effect.gen(function*() {
          const retrying = withPolicy({ retry: everySecond, timeout: "1 second" })(send(method))
          for (const answer of [down, busy("1"), "reset", "hang"] as const) {
            assert.strictEqual((yield* sentAt(retrying, answer)).length, 2)
          }
        })
    )

    it.effect("can be switched off", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentAt(withPolicy({ retry: undefined })(ask), down), ["ServerError", 0])
      }))

    it.effect("follows any schedule", () =>
      Effect.gen(function*() {
        const retry = Schedule.exponential("1 second", 3).pipe(Schedule.upTo({ times: 4 }))
        assert.deepStrictEqual(yield* sentAt(withPolicy({ retry })(ask), down), [
          "ServerError",
          0,
          1000,
          4000,
          13_000,
          40_000
        ])
      }))

    it.effect("starts its schedule anew for every call", () =>
      Effect.gen(function*() {
        const twice = withPolicy({ retry: everySecond })(Effect.andThen(Effect.exit(ask), ask))
        assert.deepStrictEqual(
          yield* sentAt(twice, down),
          ["ServerError", 0, 1000, 2000, 3000, 3000, 4000, 5000, 6000]
        )
      }))

    it.effect("ends when it is interrupted", () =>
      Effect.gen(function*() {
        const { layer, sent } = ScriptedHttpClient.make(down)
        const retrying = withPolicy({ retry: Schedule.spaced("1 second") })(ask)
        const fiber = yield* Effect.forkChild(Effect.provide(retrying, Client.layer(layer, {})))
        yield* TestClock.adjust("2500 millis")
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(sent.length, 3)
      }))
  })

  describe("Retry-After", () => {
    it.effect.each([429, 503])(
      "delays the retry if it is longer than the schedule's delay, on %d",
      (status) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* sentAt(retrying({}), busy("42", status), good), ["success", 0, 42_000])
        })
    )

    it.effect("does not shorten the schedule's delay", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentAt(retrying({}), busy("0"), good), ["success", 0, 1000])
      }))

    it.effect("applies to the next retry only", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentAt(retrying({}), busy("42"), down, good), ["success", 0, 42_000, 43_000])
      }))

    it.effect("may be a date", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 0, 1))
        const date = busy("Thu, 01 Jan 2026 00:00:30 GMT")
        assert.deepStrictEqual(yield* sentAt(retrying({}), date, good), ["success", 0, 30_000])
      }))

    it.effect.each(["61", "3600", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])(
      "is capped at a minute by default: %s",
      (retryAfter) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* sentAt(retrying({}), busy(retryAfter), good), ["success", 0, 60_000])
        })
    )

    it.effect("is capped by maxRetryAfter", () =>
      Effect.gen(function*() {
        const few = retrying({ maxRetryAfter: "5 seconds" })
        assert.deepStrictEqual(yield* sentAt(few, busy("3600"), good), ["success", 0, 5000])
        const any = retrying({ maxRetryAfter: "Infinity" })
        assert.deepStrictEqual(yield* sentAt(any, busy("3600"), good), ["success", 0, 3_600_000])
      }))

    it.effect("can be switched off", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sentAt(retrying({ maxRetryAfter: 0 }), busy("3600"), good), ["success", 0, 1000])
      }))
  })

  describe("timeout", () => {
    const untilTimeout = Effect.fnUntraced(function*(policy: Partial<CloudflareApi.Policy>, after: Duration.Input) {
      const { layer } = ScriptedHttpClient.make("hang")
      const call = ask.pipe(withPolicy({ retry: undefined, ...policy }), Effect.provide(Client.layer(layer, {})))
      const fiber = yield* Effect.forkChild(Effect.flip(call))
      yield* TestClock.adjust(Duration.subtract(Duration.fromInputUnsafe(after), Duration.millis(1)))
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      return yield* Fiber.join(fiber)
    })

    it.effect("is 30 seconds by default", () =>
      Effect.gen(function*() {
        const { message, reason } = yield* untilTimeout({}, "30 seconds")
        assert.strictEqual(reason._tag, "Timeout")
        assert.include(message, "no complete answer within 30s")
      }))

    it.effect("can be set", () =>
      Effect.gen(function*() {
        const { message, reason } = yield* untilTimeout({ timeout: "90 seconds" }, "90 seconds")
        assert.strictEqual(reason._tag, "Timeout")
        assert.include(message, "no complete answer within 1m 30s")
      }))

    it.effect("can be switched off", () =>
      Effect.gen(function*() {
        const { layer } = ScriptedHttpClient.make("hang")
        const call = ask.pipe(withPolicy({ timeout: "Infinity" }), Effect.provide(Client.layer(layer, {})))
        const fiber = yield* Effect.forkChild(call)
        yield* TestClock.adjust("365 days")
        assert.isUndefined(fiber.pollUnsafe())
        yield* Fiber.interrupt(fiber)
      }))

    it.effect("applies to one attempt", () =>
      Effect.gen(function*() {
        const retrying = withPolicy({ retry: everySecond, timeout: "5 seconds" })(ask)
        assert.deepStrictEqual(yield* sentAt(retrying, "hang"), ["Timeout", 0, 6000, 12_000, 18_000])
        assert.deepStrictEqual(yield* sentAt(retrying, "hang", good), ["success", 0, 6000])
      }))
  })

  it.effect("applies where it is provided: to an application, or to one call", () =>
    Effect.gen(function*() {
      const { layer, sent } = ScriptedHttpClient.make(down)
      const never = Layer.succeed(CloudflareApi.RequestPolicy, {
        timeout: "1 second",
        retry: undefined,
        maxRetryAfter: 0,
        propagateTraces: false
      })
      yield* Effect.exit(ask).pipe(Effect.provide([Client.layer(layer, {}), never]))
      assert.strictEqual(sent.length, 1)
      yield* Effect.exit(withPolicy({ retry: Schedule.recurs(2) })(ask)).pipe(
        Effect.provide([Client.layer(layer, {}), never])
      )
      assert.strictEqual(sent.length, 4)
    }))
})

describe("layerConfig", () => {
  const token = { CLOUDFLARE_API_TOKEN: "the-token" }
  const key = { CLOUDFLARE_EMAIL: "user@example.com", CLOUDFLARE_API_KEY: "the-key" }

  it.live("takes account, base URL and token from the environment", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* authenticating(token), [
        ["/v4/accounts/acc/rules/lists/bulk_operations/op", "Bearer the-token", undefined, undefined]
      ])
    }))

  it.live("takes email and global key instead of a token", () =>
    Effect.gen(function*() {
      const expected = [["/v4/accounts/acc/rules/lists/bulk_operations/op", undefined, "user@example.com", "the-key"]]
      assert.deepStrictEqual(yield* authenticating(key), expected)
      assert.deepStrictEqual(yield* authenticating({ ...key, CLOUDFLARE_API_TOKEN: "" }), expected)
    }))

  it.live("prefers the token to email and key", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* authenticating({ ...key, ...token }), yield* authenticating(token))
    }))

  it.effect("sends requests to Cloudflare without a base URL", () =>
    Effect.gen(function*() {
      const { layer, sent } = ScriptedHttpClient.make({ body: answered })
      const client = CloudflareApi.layerConfig.pipe(
        Layer.provide([
          layer,
          ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...token, CLOUDFLARE_BASE_URL: "" } }))
        ])
      )
      yield* CloudflareApi.CloudflareApi.use((api) => api.request(Client.request, Schema.Unknown)).pipe(
        Effect.provide(client)
      )
      assert.deepStrictEqual(
        sent.map(({ request }) => request.url),
        ["https://api.cloudflare.com/client/v4/accounts/acc/rules/lists"]
      )
    }))

  it.effect.each([{}, { CLOUDFLARE_ACCOUNT_ID: "" }])(
    "requires an account only for calls that name none: %j",
    (env) =>
      Effect.gen(function*() {
        const error = yield* Client.get("op").pipe(Effect.provide(building({ ...token, ...env })), Effect.flip)
        assert.instanceOf(error, CloudflareError.CloudflareError)
        assert.include(error.message, "no account: pass accountId, or set CLOUDFLARE_ACCOUNT_ID")
      })
  )

  it.effect.each(
    [
      [
        "nothing",
        {},
        "CLOUDFLARE_API_TOKEN is missing or empty; you can set CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY instead"
      ],
      ["an empty token", { CLOUDFLARE_API_TOKEN: "" }, "CLOUDFLARE_API_TOKEN is missing or empty"],
      [
        "no key",
        { CLOUDFLARE_EMAIL: "user@example.com" },
        "CLOUDFLARE_API_KEY is missing or empty beside CLOUDFLARE_EMAIL"
      ],
      [
        "an empty key",
        { ...key, CLOUDFLARE_API_KEY: "" },
        "CLOUDFLARE_API_KEY is missing or empty beside CLOUDFLARE_EMAIL"
      ],
      ["no email", { CLOUDFLARE_API_KEY: "the-key" }, "CLOUDFLARE_EMAIL is missing or empty beside CLOUDFLARE_API_KEY"],
      [
        "an empty email",
        { ...key, CLOUDFLARE_EMAIL: "" },
        "CLOUDFLARE_EMAIL is missing or empty beside CLOUDFLARE_API_KEY"
      ]
    ] as const
  )("names what is missing: %s", ([, env, text]) =>
    Effect.gen(function*() {
      assert.include(yield* refused(env), text)
    }))

  it.effect.each(
    [
      ["CLOUDFLARE_API_TOKEN", "the-token\n"],
      ["CLOUDFLARE_API_TOKEN", "\"the-token\""],
      ["CLOUDFLARE_API_TOKEN", "the token"],
      ["CLOUDFLARE_API_TOKEN", "the-tokén"],
      ["CLOUDFLARE_API_KEY", "the-key\n"],
      ["CLOUDFLARE_EMAIL", "user@example.com "],
      ["CLOUDFLARE_ACCOUNT_ID", "a/b"],
      ["CLOUDFLARE_ACCOUNT_ID", "acc\n"],
      ["CLOUDFLARE_BASE_URL", "nope"],
      ["CLOUDFLARE_BASE_URL", "ftp://127.0.0.1"],
      ["CLOUDFLARE_BASE_URL", "https://user:password@127.0.0.1"],
      ["CLOUDFLARE_BASE_URL", "https://127.0.0.1/?a=b"]
    ] as const
  )("names what is malformed, and does not show it: %s", ([name, value]) =>
    Effect.gen(function*() {
      const rest = name === "CLOUDFLARE_EMAIL" || name === "CLOUDFLARE_API_KEY" ? key : token
      assert.include(yield* refused({ ...rest, [name]: value }), `at ["${name}"]`)
    }))
})

describe("credentials", () => {
  it.effect("that are an effect are fetched for every request", () =>
    Effect.gen(function*() {
      let issued = 0
      const { layer, sent } = ScriptedHttpClient.make({ body: answered })
      const credentials = Effect.sync(() => Credentials.apiToken(Redacted.make(`token-${++issued}`)))
      yield* Effect.all([ask, ask, ask]).pipe(Effect.provide(Client.layer(layer, { credentials })))
      assert.deepStrictEqual(
        sent.map(({ request }) => request.headers["authorization"]),
        ["Bearer token-1", "Bearer token-2", "Bearer token-3"]
      )
    }))

  it.effect("whose effect fails cause Unauthorized with its message, and nothing is sent", () =>
    Effect.gen(function*() {
      const { layer, sent } = ScriptedHttpClient.make({ body: answered })
      const credentials = Effect.fail(new SealedVault({ message: "the vault is sealed" }))
      const error = yield* ask.pipe(Effect.provide(Client.layer(layer, { credentials })), Effect.flip)
      assert.strictEqual(error.reason._tag, "Unauthorized")
      assert.isFalse(error.isRetryable)
      assert.strictEqual(
        error.message,
        "There are no usable credentials: the vault is sealed. Check the API token, or the email with its global API key. (GET /accounts/acc/rules/lists)"
      )
      assert.deepStrictEqual(sent, [])
    }))

  it.effect("count towards the timeout while they are fetched", () =>
    Effect.gen(function*() {
      const { layer, sent } = ScriptedHttpClient.make({ body: answered })
      const fiber = yield* ask.pipe(
        Effect.provide(Client.layer(layer, { credentials: Effect.never })),
        withPolicy({ retry: undefined }),
        Effect.flip,
        Effect.forkChild
      )
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "Timeout")
      assert.deepStrictEqual(sent, [])
    }))

  const malformed = [
    ["empty", ""],
    ["a space", "the token"],
    ["a line break at the end", "the-token\n"],
    ["a carriage return", "the-token\r\n"],
    ["a null character", "the-token\0"],
    ["quotes", "\"the-token\""],
    ["another alphabet", "the-tokén"],
    ["another header", "the-token\r\nx-evil: 1"]
  ] as const

  it.effect.each(malformed)(
    "with %s in a token or key cause Unauthorized, and are neither sent nor shown",
    ([, text]) =>
      Effect.gen(function*() {
        const { layer, sent } = ScriptedHttpClient.make({ body: answered })
        const secret = Redacted.make(text)
        for (
          const given of [
            Credentials.apiToken(secret),
            Credentials.globalKey({ email: "user@example.com", key: secret })
          ]
        ) {
          for (const credentials of [given, Effect.succeed(given)]) {
            const error = yield* ask.pipe(Effect.provide(Client.layer(layer, { credentials })), Effect.flip)
            assert.strictEqual(error.reason._tag, "Unauthorized")
            assert.include(
              error.message,
              `There are no usable credentials: Expected one or more letters, digits or -._~+/= (no spaces, quotes or line breaks) at ["${
                given._tag === "ApiToken" ? "token" : "key"
              }"].`
            )
            assert.notInclude(error.message, "the-token")
          }
        }
        assert.deepStrictEqual(sent, [])
      })
  )

  // An email may have quotes.
  it.effect.each(malformed.filter(([what]) => what !== "quotes"))(
    "with %s in the email cause Unauthorized, and nothing is sent",
    ([, email]) =>
      Effect.gen(function*() {
        const { layer, sent } = ScriptedHttpClient.make({ body: answered })
        const credentials = Credentials.globalKey({ email, key: Redacted.make("the-key") })
        const error = yield* ask.pipe(Effect.provide(Client.layer(layer, { credentials })), Effect.flip)
        assert.strictEqual(error.reason._tag, "Unauthorized")
        assert.include(error.message, "Expected one or more printable ASCII characters without spaces at [\"email\"].")
        assert.deepStrictEqual(sent, [])
      })
  )
})
