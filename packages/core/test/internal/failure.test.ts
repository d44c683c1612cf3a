import { CloudflareError } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Duration, Schema } from "effect"
import * as Failure from "../../src/internal/failure.ts"

const failed = (status: number, ...codes: ReadonlyArray<number | undefined>) =>
  Failure.reason({
    method: "GET",
    path: "/",
    status,
    errors: codes.map((code) =>
      new CloudflareError.ApiError(code === undefined ? { message: "no" } : { code, message: "no" })
    )
  })._tag

describe("reason", () => {
  it.each([
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "NotFound"],
    [408, "Timeout"],
    [410, "NotFound"],
    [429, "RateLimited"],
    [500, "ServerError"],
    [502, "ServerError"],
    [503, "ServerError"],
    [504, "ServerError"],
    [520, "ServerError"],
    [530, "ServerError"],
    [599, "ServerError"]
  ])("HTTP %d is %s, whatever the code", (status, expected) => {
    assert.strictEqual(failed(status), expected)
    for (const code of [971, 6003, 9109, 10000, 10001, 10026, 10040]) {
      assert.strictEqual(failed(status, code), expected)
    }
  })

  describe.each([200, 201, 400, 405, 409, 422])("with HTTP %d the code decides", (status) => {
    it.each([
      ["RateLimited", [971, 10040, 10100, 10429, 10502]],
      ["Unauthorized", [6003, 6004, 6100, 6101, 6102, 6103, 6111, 6301, 9106, 9109, 9300, 10000]],
      ["NotFound", [10001]],
      ["InvalidRequest", [undefined, 0, 1000, 10009, 10019, 10021, 10026, 10027, 10028, 10031]]
    ])("%s", (expected, codes) => {
      for (const code of codes) {
        assert.strictEqual(failed(status, code), expected)
        assert.strictEqual(failed(status, 10026, code), expected)
      }
    })

    it("a limit comes before all, for it passes", () => {
      assert.strictEqual(failed(status, 10000, 10001, 10040), "RateLimited")
    })
  })

  it("without errors 2xx is unexpected, 4xx refused", () => {
    assert.strictEqual(failed(200), "UnexpectedResponse")
    assert.strictEqual(failed(204), "UnexpectedResponse")
    assert.strictEqual(failed(400), "InvalidRequest")
    assert.strictEqual(failed(499), "InvalidRequest")
  })

  it.each([0, 100, 199, 300, 302, 304, 399])("HTTP %d is unexpected", (status) => {
    assert.strictEqual(failed(status), "UnexpectedResponse")
    assert.strictEqual(failed(status, 10040), "UnexpectedResponse")
  })

  const status = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))
  it.prop("only what passes can be retried, and keeps how long to wait", [status], ([status]) => {
    const retryAfter = Duration.seconds(7)
    const reason = Failure.reason({ method: "GET", path: "/", status, errors: [], retryAfter })
    const error = new CloudflareError.CloudflareError({ reason })
    assert.strictEqual(error.isRetryable, status === 408 || status === 429 || status >= 500)
    assertEquals(error.retryAfter, status === 429 || status >= 500 ? retryAfter : undefined)
  })
})
