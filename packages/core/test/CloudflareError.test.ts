import { CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Duration, Effect, Schema } from "effect"

const {
  ApiError,
  Forbidden,
  InvalidRequest,
  NotFound,
  RateLimited,
  ServerError,
  Timeout,
  TransportError,
  Unauthorized,
  UnexpectedResponse
} = CloudflareError

const call = { method: "GET", path: "/accounts/a/rules/lists/bulk_operations/op", errors: [] }
const answered = (status: number, code: number, message: string) => ({
  ...call,
  status,
  ray: "863bc951ce9d9abd-MIA",
  errors: [new ApiError({ code, message })]
})

const reasons = [
  [
    new Unauthorized(answered(401, 9109, "Invalid access token")),
    false,
    "Cloudflare does not accept the credentials: Invalid access token (code 9109). Check the API token, or the email with its global API key. (401 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new Unauthorized({ ...call, detail: "the vault is sealed" }),
    false,
    "There are no usable credentials: the vault is sealed. Check the API token, or the email with its global API key. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Forbidden(answered(403, 10000, "Authentication error")),
    false,
    "Cloudflare does not allow this call: Authentication error (code 10000). The token needs the permission Account Filter Lists (Read to wait, Edit to write) for this account. (403 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new NotFound(answered(404, 10001, "operation not found")),
    false,
    "Cloudflare does not know what was asked for: operation not found (code 10001). Check the id and the account. An operation that was there before may have ended and been forgotten. (404 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new InvalidRequest(answered(400, 10026, "filters.api.invalid_json")),
    false,
    "Cloudflare refused the request: filters.api.invalid_json (code 10026). Sending it again unchanged will not help. (400 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new InvalidRequest({ ...call, detail: "no account" }),
    false,
    "The request was not sent: no account. Sending it again unchanged will not help. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new RateLimited(answered(429, 971, "Please wait and consider throttling your request speed")),
    true,
    "Cloudflare asks to slow down: Please wait and consider throttling your request speed (code 971). Try again later. (429 GET /accounts/a/rules/lists/bulk_operations/op, cf-ray 863bc951ce9d9abd-MIA)"
  ],
  [
    new RateLimited({ ...call, status: 429, retryAfter: Duration.seconds(90) }),
    true,
    "Cloudflare asks to slow down. Try again in 1m 30s. (429 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new ServerError({ ...call, status: 503, errors: [new ApiError({ message: "try later" })] }),
    true,
    "Cloudflare failed: try later. Try again later. (503 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new ServerError({ ...call, status: 503, retryAfter: Duration.seconds(5) }),
    true,
    "Cloudflare failed. Try again in 5s. (503 GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new TransportError({ ...call, detail: "fetch failed: connect ECONNREFUSED 127.0.0.1:9" }),
    true,
    "No whole answer came from Cloudflare: fetch failed: connect ECONNREFUSED 127.0.0.1:9. Check the network and the base URL. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new Timeout({ ...call, detail: "no whole answer within 30s" }),
    true,
    "Cloudflare did not answer in time: no whole answer within 30s. Try again later. (GET /accounts/a/rules/lists/bulk_operations/op)"
  ],
  [
    new UnexpectedResponse({ ...call, status: 200, detail: "not a JSON object; the answer was an empty body" }),
    false,
    "Cloudflare's answer is not what this library expects: not a JSON object; the answer was an empty body. Check the base URL; if it is right, the API has changed. (200 GET /accounts/a/rules/lists/bulk_operations/op)"
  ]
] as const

const cases = reasons.map(([reason, isRetryable, message]) => [reason._tag, { reason, isRetryable, message }] as const)

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
  it.each(cases)("tells what was wrong, where, and what to do: %s", (_, { message, reason }) => {
    assert.strictEqual(errorOf(reason).message, message)
    assert.strictEqual(reason.message, message)
  })

  it("tells every error of Cloudflare, with code, place and causes", () => {
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

  it.each(["Stop.", "Stop!", "Stop?", "Sto…", "Stop.\n"])("does not put a full stop behind %j", (message) => {
    const reason = new ServerError({ ...call, errors: [new ApiError({ message })] })
    assert.include(reason.message, `Cloudflare failed: ${message.trim()} Try again later.`)
  })

  it("stays on one line, without what plays with a terminal", () => {
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

describe("isRetryable", () => {
  it.each(cases)("tells passing trouble from what stays: %s", (_, { isRetryable, reason }) => {
    assert.strictEqual(errorOf(reason).isRetryable, isRetryable)
  })
})

describe("retryAfter", () => {
  it("is what Cloudflare asked for", () => {
    const asked = { ...call, status: 503, retryAfter: Duration.seconds(7) }
    assert.deepStrictEqual(errorOf(new RateLimited(asked)).retryAfter, Duration.seconds(7))
    assert.deepStrictEqual(errorOf(new ServerError(asked)).retryAfter, Duration.seconds(7))
  })

  it("is undefined where Cloudflare asked for nothing", () => {
    for (const [reason] of reasons) {
      if ("retryAfter" in reason && reason.retryAfter !== undefined) continue
      assert.isUndefined(errorOf(reason).retryAfter)
    }
  })
})

describe("reason", () => {
  it.effect("Effect.catchReason takes one of them and leaves the others", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* pathIfNotFound(new NotFound(call)), call.path)
      assert.strictEqual((yield* Effect.flip(pathIfNotFound(new Timeout(call)))).reason._tag, "Timeout")
    }))

  it.effect("Effect.unwrapReason puts all of them into the error channel", () =>
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
        NotFound: () => 3,
        InvalidRequest: () => 4,
        RateLimited: () => 5,
        ServerError: () => 6,
        TransportError: () => 7,
        Timeout: () => 8,
        UnexpectedResponse: () => 9
      })
    )
    assert.deepStrictEqual([...new Set(tags)], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
})

describe("schema", () => {
  const wire = Schema.fromJsonString(Schema.toCodecJson(CloudflareError.CloudflareError))

  it.effect.prop(
    "an error that was encoded as JSON decodes to an equal one",
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
