import { CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Cause, Duration, Effect, Schema } from "effect"
import { inspect } from "node:util"

const {
  ApiError,
  Blocked,
  Forbidden,
  InvalidRequest,
  MalformedResponse,
  NotFound,
  RateLimited,
  ServerError,
  Timeout,
  TransportError,
  Unauthorized,
  UnexpectedResponse,
  Unreachable
} = CloudflareError

const call = { method: "GET", path: "/accounts/a/rules/lists/bulk_operations/op", errors: [] }
const answered = (status: number, code: number, message: string) => ({
  ...call,
  status,
  ray: "863bc951ce9d9abd-MIA",
  errors: [new ApiError({ code, message })]
})

const host = "api.cloudflare.com"

const reasons = [
  [
    new Unauthorized(answered(401, 9109, "Invalid access token")),
    { isRetryable: false, outcome: "refused" },
    "Cloudflare does not accept the credentials: Invalid access token (code 9109). Check the API token, or the email with its global API key. (401 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new Unauthorized({ ...call, detail: "the vault is sealed" }),
    { isRetryable: false, outcome: "notSent" },
    "There are no usable credentials: the vault is sealed. Check the API token, or the email with its global API key. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Forbidden(answered(403, 10000, "Authentication error")),
    { isRetryable: false, outcome: "refused" },
    "Cloudflare does not allow this call: Authentication error (code 10000). Either the token lacks the permission Account Filter Lists (Read to wait, Edit to write) for this account, or it is expired, revoked, or too new. (403 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new Blocked({ ...call, status: 403, detail: "the answer was a page", isChallenge: false }),
    { isRetryable: false, outcome: "refused" },
    "A firewall in front of the API blocked the request: the answer was a page. No permission is missing: send the request from another address, or with another body, or report the cf-ray to Cloudflare's support. (403 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Blocked({ ...call, status: 403, isChallenge: true }),
    { isRetryable: true, outcome: "refused" },
    "A firewall in front of the API blocked the request. It was a challenge for browsers, which may pass: try again later. (403 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new NotFound(answered(404, 10001, "operation not found")),
    { isRetryable: false, outcome: "refused" },
    "Cloudflare did not find the resource: operation not found (code 10001). Check the id and the account. An operation that was there before may have ended and been forgotten. (404 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new InvalidRequest(answered(400, 10026, "filters.api.invalid_json")),
    { isRetryable: false, outcome: "refused" },
    "Cloudflare refused the request: filters.api.invalid_json (code 10026). Sending it again unchanged will not help. (400 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new InvalidRequest({ ...call, detail: "no account" }),
    { isRetryable: false, outcome: "notSent" },
    "The request was not sent: no account. Sending it again unchanged will not help. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new RateLimited(answered(429, 971, "Please wait and consider throttling your request speed")),
    { isRetryable: true, outcome: "refused" },
    "Cloudflare asks to slow down: Please wait and consider throttling your request speed (code 971). Try again later. (429 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new RateLimited({ ...call, status: 429, retryAfter: Duration.seconds(90) }),
    { isRetryable: true, outcome: "refused" },
    "Cloudflare asks to slow down. Try again in 1m 30s. (429 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new RateLimited({ ...call, status: 429, retryAfter: Duration.zero }),
    { isRetryable: true, outcome: "refused" },
    "Cloudflare asks to slow down. Try again now. (429 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new ServerError({ ...call, status: 503, errors: [new ApiError({ message: "try later" })] }),
    { isRetryable: true, outcome: "unknown" },
    "Cloudflare failed: try later. Try again later. (503 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new ServerError({ ...call, status: 503, retryAfter: Duration.seconds(5) }),
    { isRetryable: true, outcome: "unknown" },
    "Cloudflare failed. Try again in 5s. (503 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Unreachable({ ...call, host, detail: "fetch failed: self-signed certificate: the certificate is not trusted" }),
    { isRetryable: false, outcome: "notSent" },
    "No connection to Cloudflare (api.cloudflare.com) is possible: fetch failed: self-signed certificate: the certificate is not trusted. Trying again will not help. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new TransportError({ ...call, detail: "fetch failed: connect ECONNREFUSED 127.0.0.1:9", neverSent: true }),
    { isRetryable: true, outcome: "notSent" },
    "There was no connection: fetch failed: connect ECONNREFUSED 127.0.0.1:9. Check the network and the base URL. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new TransportError({ ...call, host, detail: "read ECONNRESET" }),
    { isRetryable: true, outcome: "unknown" },
    "The response was incomplete or never arrived: read ECONNRESET. Check the network and the base URL (api.cloudflare.com). (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Timeout({ ...call, detail: "no complete answer within 30s" }),
    { isRetryable: true, outcome: "unknown" },
    "Cloudflare did not answer in time: no complete answer within 30s. Try again later. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Timeout({ ...call, neverSent: true }),
    { isRetryable: true, outcome: "notSent" },
    "Cloudflare did not answer in time. Try again later. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Timeout({ ...call, neverSent: false }),
    { isRetryable: true, outcome: "unknown" },
    "Cloudflare did not answer in time. Try again later. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new MalformedResponse({ ...call, status: 200, host, detail: "the answer was an empty body" }),
    { isRetryable: true, outcome: "unknown" },
    "The response has no usable content: the answer was an empty body. Try again later; if it persists, check the base URL and any proxy in between (api.cloudflare.com). (200 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new UnexpectedResponse({ ...call, status: 200, host, detail: "result: Expected string" }),
    { isRetryable: false, outcome: "unknown" },
    "Cloudflare's answer is not what this library expects: result: Expected string. Check the base URL (api.cloudflare.com); if it is right, the API has changed. (200 GET /accounts/a/rules/lists/bulk_operations/op)"
  ]
] as const

const cases = reasons.map(([reason, is, message]) => [reason._tag, { reason, ...is, message }] as const)

const errorOf = (reason: CloudflareError.Reason) => new CloudflareError.CloudflareError({ reason })

const failing = (reason: CloudflareError.Reason): Effect.Effect<string, CloudflareError.CloudflareError> =>
  Effect.fail(errorOf(reason))

const pathIfNotFound = (reason: CloudflareError.Reason) =>
  Effect.catchReason(failing(reason), "CloudflareError", "NotFound", ({ path }) => Effect.succeed(path))

const waitIfRateLimited = (reason: CloudflareError.Reason) =>
  failing(reason).pipe(
    Effect.unwrapReason("CloudflareError"),
    Effect.catchTag("RateLimited", ({ retryAfter }) => Effect.succeed(retryAfter))
  )

describe("message", () => {
  it.each(cases)("says what was wrong, where, and what to do: %s", (_, { message, reason }) => {
    assert.strictEqual(errorOf(reason).message, message)
    assert.strictEqual(reason.message, message)
  })

  it("names every error of Cloudflare, with code, place and causes", () => {
    const { message } = new InvalidRequest({
      ...call,
      status: 400,
      errors: [
        new ApiError({
          code: 6003,
          message: "Invalid request headers",
          causes: [{ code: 6100, message: "Missing X-Auth-Email header" }, { message: "and more" }]
        }),
        new ApiError({ code: 10026, message: "invalid_json", pointer: "/0/ip" }),
        new ApiError({ message: "try later" })
      ],
      detail: "our own words"
    })
    assert.strictEqual(
      message,
      "Cloudflare refused the request: Invalid request headers (code 6003) [Missing X-Auth-Email header (code 6100); and more]; invalid_json (code 10026) at /0/ip; try later; our own words. Sending it again unchanged will not help. (400 GET /accounts/a/rules/lists/bulk_operations/op)"
    )
  })

  it.each(["Stop.", "Stop!", "Stop?", "Sto…", "Stop.\n"])("adds no full stop after %j", (message) => {
    const reason = new ServerError({ ...call, errors: [new ApiError({ message })] })
    assert.include(reason.message, `Cloudflare failed: ${message.trim()} Try again later.`)
  })

  it("stays on one line, without control characters", () => {
    const reason = new ServerError({
      ...call,
      status: 500,
      errors: [new ApiError({ message: "first\r\nsecond\u001b[2Jthird.\n" })]
    })
    assert.strictEqual(
      reason.message,
      "Cloudflare failed: first second [2Jthird. Try again later. (500 GET /accounts/a/rules/lists/bulk_operations/op)"
    )
  })
})

describe("message of an error with long texts", () => {
  const long = "x".repeat(100_000)

  it("is bounded", () => {
    const errors = Array.from({ length: 1000 }, () => new ApiError({ message: long }))
    const { message } = new ServerError({ ...call, path: long, ray: long, errors, detail: long })
    assert.isBelow(message.length, 2700)
  })
})

describe("print", () => {
  const error = errorOf(new NotFound(answered(404, 10001, "operation not found")))

  it("console.error shows the message first, then the stack", () => {
    for (const shown of [error, error.reason].map((error) => inspect(error))) {
      assert.match(
        shown,
        /^@bulk-operations\/core\/CloudflareError[^:]*: Cloudflare did not find the resource: .*\n {4}at /
      )
    }
    assert.include(inspect({ error }), "Cloudflare did not find the resource: operation not found (code 10001)")
    for (const error of [errorOf(new NotFound(call)), new NotFound(call)]) {
      Reflect.deleteProperty(error, "stack")
      assert.strictEqual(inspect(error), error.message)
    }
  })

  it.each(cases)("a stack begins with the name of the reason: %s", (tag, { message, reason }) => {
    assert.isTrue(reason.stack?.startsWith(`@bulk-operations/core/CloudflareError/${tag}: ${message}`))
  })

  it("JSON.stringify has the message", () => {
    const fields = { method: "GET", path: call.path, status: 404, ray: "863bc951ce9d9abd-MIA" }
    const errors = [{ code: 10001, message: "operation not found" }]
    assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
      _tag: "CloudflareError",
      message: error.message,
      reason: { _tag: "NotFound", ...fields, errors }
    })
    assert.deepStrictEqual(JSON.parse(JSON.stringify(error.reason)), {
      _tag: "NotFound",
      message: error.message,
      ...fields,
      errors
    })
  })

  it("Effect's own printer and loggers show the message", () => {
    assert.include(Cause.pretty(Cause.fail(error)), error.message)
  })
})

describe("outcome", () => {
  it.each(cases)("says what became of the request: %s", (_, { outcome, reason }) => {
    assert.strictEqual(errorOf(reason).outcome, outcome)
  })
})

describe("isRetryable", () => {
  it.each(cases)("is true for transient errors only: %s", (_, { isRetryable, reason }) => {
    assert.strictEqual(errorOf(reason).isRetryable, isRetryable)
  })
})

describe("retryAfter", () => {
  it("is the delay that Cloudflare asked for", () => {
    const asked = { ...call, status: 503, retryAfter: Duration.seconds(7) }
    assert.deepStrictEqual(errorOf(new RateLimited(asked)).retryAfter, Duration.seconds(7))
    assert.deepStrictEqual(errorOf(new ServerError(asked)).retryAfter, Duration.seconds(7))
  })

  it("is undefined if Cloudflare asked for no delay", () => {
    for (const [reason] of reasons) {
      if ("retryAfter" in reason && reason.retryAfter !== undefined) continue
      assert.isUndefined(errorOf(reason).retryAfter)
    }
  })
})

describe("reason", () => {
  it.effect("Effect.catchReason catches one reason and leaves the others", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* pathIfNotFound(new NotFound(call)), call.path)
      assert.strictEqual((yield* Effect.flip(pathIfNotFound(new Timeout(call)))).reason._tag, "Timeout")
    }))

  it.effect("Effect.unwrapReason puts every reason into the error channel", () =>
    Effect.gen(function*() {
      for (const [reason] of reasons) {
        const unwrapped = yield* Effect.flip(Effect.unwrapReason(failing(reason), "CloudflareError"))
        assert.strictEqual<unknown>(unwrapped, reason)
      }
      const limited = new RateLimited({ ...call, retryAfter: Duration.seconds(1) })
      assertEquals(yield* waitIfRateLimited(limited), Duration.seconds(1))
      assert.strictEqual((yield* Effect.flip(waitIfRateLimited(new Forbidden(call))))._tag, "Forbidden")
    }))

  it("Reason.match has a case for each", () => {
    const tags = reasons.map(([reason]) =>
      CloudflareError.Reason.match(reason, {
        Unauthorized: () => 1,
        Forbidden: () => 2,
        Blocked: () => 3,
        NotFound: () => 4,
        InvalidRequest: () => 5,
        RateLimited: () => 6,
        ServerError: () => 7,
        Unreachable: () => 8,
        TransportError: () => 9,
        Timeout: () => 10,
        MalformedResponse: () => 11,
        UnexpectedResponse: () => 12
      })
    )
    assert.deepStrictEqual([...new Set(tags)], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  })
})

describe("schema", () => {
  const wire = Schema.fromJsonString(Schema.toCodecJson(CloudflareError.CloudflareError))

  it.effect.each(Object.keys(CloudflareError.Reason.cases))(
    "keeps everything that the JSON of an error contains: %s",
    (tag) =>
      Effect.gen(function*() {
        const causes = [{ code: 6100, message: "cause" }, { message: "another" }]
        const said = { code: 6003, message: "no", pointer: "/0/ip", documentationUrl: "https://example.com", causes }
        const reason = {
          _tag: tag,
          ...answered(503, 1, "no"),
          host,
          errors: [said],
          detail: "detail",
          ...(tag === "Blocked" && { isChallenge: true }),
          ...((tag === "TransportError" || tag === "Timeout") && { neverSent: true })
        }
        const stored = { _tag: "CloudflareError", reason }
        const decoded = yield* Schema.decodeEffect(wire)(JSON.stringify(stored))
        assert.deepStrictEqual(JSON.parse(yield* Schema.encodeEffect(wire)(decoded)), stored)
      })
  )

  it.effect.each([
    {},
    { message: 1 },
    { message: "no", code: "1" },
    { message: "no", causes: [{}] },
    { message: "no", causes: [{ message: 1 }] }
  ])("refuses an invalid error of Cloudflare: %j", (said) =>
    Effect.gen(function*() {
      const stored = { _tag: "CloudflareError", reason: { _tag: "NotFound", ...call, errors: [said] } }
      const { message } = yield* Effect.flip(Schema.decodeEffect(wire)(JSON.stringify(stored)))
      assert.include(message, "at [\"reason\"][\"errors\"][0]")
    }))

  it("names an error of Cloudflare after its module", () => {
    assert.strictEqual(ApiError.identifier, "@bulk-operations/core/CloudflareError/ApiError")
  })

  it.effect.prop(
    "decodes an encoded error to an equal one",
    [CloudflareError.CloudflareError],
    ([error]) =>
      Effect.gen(function*() {
        const decoded = yield* Schema.decodeEffect(wire)(yield* Schema.encodeEffect(wire)(error))
        assertEquals(decoded, error)
        assert.instanceOf(decoded, CloudflareError.CloudflareError)
        assert.strictEqual(decoded.message, error.message)
        assert.strictEqual(decoded.isRetryable, error.isRetryable)
      })
  )
})
