import { CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Duration, Schema } from "effect"
import * as Failure from "../../src/internal/failure.ts"
import * as PlainText from "../../src/internal/plainText.ts"

const call = { method: "GET", path: "/" }

const upper: PlainText.Show = (text, length = 500) => text.slice(0, length).toUpperCase()

const failed = (status: number, ...codes: ReadonlyArray<number | undefined>) =>
  Failure.refused({
    ...call,
    status,
    errors: codes.map((code) => code === undefined ? { message: "no" } : { code, message: "no" })
  }).reason

const failedWith = (status: number, message: string) =>
  Failure.refused({ ...call, status, errors: [{ code: 10013, message }] }).reason

describe("refused", () => {
  it.each([
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "NotFound"],
    [408, "Timeout"],
    [409, "ServerError"],
    [410, "NotFound"],
    [425, "ServerError"],
    [429, "RateLimited"],
    [499, "ServerError"],
    [500, "ServerError"],
    [502, "ServerError"],
    [503, "ServerError"],
    [504, "ServerError"],
    [520, "ServerError"],
    [530, "ServerError"],
    [599, "ServerError"]
  ])("HTTP %d is %s, whatever the code", (status, expected) => {
    assert.strictEqual(failed(status), expected)
    for (const code of [971, 1000, 6003, 9109, 10000, 10001, 10026, 10040]) {
      assert.strictEqual(failed(status, code), expected)
    }
  })

  describe.each([200, 201, 400, 405, 422])("with HTTP %d depends on the code:", (status) => {
    it.each([
      ["RateLimited", [971, 10040, 10100, 10429, 10502]],
      ["Unauthorized", [6003, 6004, 6100, 6101, 6102, 6103, 6111, 6301, 9106, 9109, 9300, 10000]],
      ["NotFound", [7000, 7003, 10001]],
      ["ServerError", [1000]],
      ["InvalidRequest", [undefined, 0, 10009, 10019, 10021, 10026, 10027, 10028, 10031]]
    ])("%s", (expected, codes) => {
      for (const code of codes) {
        assert.strictEqual(failed(status, code), expected)
        assert.strictEqual(failed(status, 10026, code), expected)
      }
    })

    it.each([
      ["ServerError", "Something went wrong, please try again"],
      ["ServerError", "Internal error. Please Try Again."],
      ["ServerError", "try again later"],
      ["InvalidRequest", "fix the address, then try again"]
    ])("or on the text: %s for %j", (expected, text) => {
      assert.strictEqual(failedWith(status, text), expected)
    })

    it("a rate limit comes first, because it passes", () => {
      assert.strictEqual(failed(status, 10000, 10001, 1000, 10040), "RateLimited")
      assert.strictEqual(failed(status, 10001, 1000, 10000), "Unauthorized")
      assert.strictEqual(failed(status, 1000, 10001), "NotFound")
    })
  })

  it("is InvalidRequest without errors", () => {
    assert.strictEqual(Failure.refused({ ...call, status: 400 }).reason, "InvalidRequest")
    assert.strictEqual(failed(418), "InvalidRequest")
  })

  const status = Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 999 }))
  it.prop("keeps all known facts", [status], ([status]) => {
    const facts = { ...call, status, ray: "r", detail: "d", host: "h", errors: [{ message: "m" }] }
    const { reason: _, ...rest } = Failure.refused(facts)
    assert.deepStrictEqual(rest, facts)
  })
})

describe("toError", () => {
  const tags = Object.keys(CloudflareError.Reason.cases)
  const facts: Failure.Facts = {
    method: "GET",
    path: "/path",
    host: "host",
    status: 400,
    ray: "ray",
    errors: [{
      code: 1,
      message: "message",
      pointer: "pointer",
      documentationUrl: "url",
      causes: [{ code: 2, message: "cause" }, { message: "another" }]
    }],
    detail: "detail",
    retryAfter: Duration.seconds(7),
    neverSent: true,
    isChallenge: true
  }

  it("makes each reason, with every text redacted", () => {
    const made = [
      "Unauthorized",
      "Forbidden",
      "Blocked",
      "NotFound",
      "InvalidRequest",
      "RateLimited",
      "ServerError",
      "Unreachable",
      "TransportError",
      "Timeout",
      "MalformedResponse",
      "UnexpectedResponse"
    ] as const
    assert.sameMembers([...made], tags)
    for (const tag of made) {
      const { reason } = Failure.toError({ ...facts, reason: tag }, upper)
      assert.deepStrictEqual<unknown>({ ...reason, errors: reason.errors.map((error) => Object.assign({}, error)) }, {
        _tag: tag,
        method: "GET",
        path: "/PATH",
        host: "HOST",
        status: 400,
        ray: "RAY",
        errors: [{
          code: 1,
          message: "MESSAGE",
          pointer: "POINTER",
          documentationUrl: "URL",
          causes: [{ code: 2, message: "CAUSE" }, { message: "ANOTHER" }]
        }],
        detail: "DETAIL",
        retryAfter: Duration.seconds(7),
        ...(tag === "Blocked" && { isChallenge: true }),
        ...((tag === "TransportError" || tag === "Timeout") && { neverSent: true })
      })
    }
  })

  it("leaves out what is unknown", () => {
    const { reason } = Failure.toError({ ...call, reason: "Blocked", errors: [{ message: "no" }] }, upper)
    assertEquals(
      reason,
      new CloudflareError.Blocked({
        ...call,
        errors: [new CloudflareError.ApiError({ message: "NO" })],
        isChallenge: false
      })
    )
    assert.deepStrictEqual(Failure.toError({ ...call, reason: "Timeout" }, upper).reason.errors, [])
  })

  it("is bounded, however long its texts are", () => {
    const long = "x".repeat(100_000)
    const error = { message: long, pointer: long, documentationUrl: long, causes: [{ message: long }] }
    const { reason } = Failure.toError({
      ...call,
      reason: "ServerError",
      path: long,
      host: long,
      ray: long,
      detail: long,
      errors: [error]
    }, PlainText.show)
    assert.deepStrictEqual([reason.path, reason.ray, reason.detail].map((text) => text?.length), [301, 101, 1501])
    assert.isBelow(JSON.stringify(reason).length, 8000)
    assert.isBelow(reason.message.length, 2700)
  })
})
