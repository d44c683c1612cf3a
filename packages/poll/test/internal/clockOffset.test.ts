import { assert, describe, it } from "@effect/vitest"
import * as Headers from "effect/http/Headers"
import * as ClockOffset from "../../src/internal/clockOffset.ts"

const date = "Thu, 01 Jan 1970 00:01:00 GMT"
const offsetAt = (now: number, headers: Headers.Input = { date }) => ClockOffset.read(Headers.fromInput(headers), now)

describe("the offset of Cloudflare's clock", () => {
  it("is the distance to the middle of the second in Date", () => {
    assert.strictEqual(offsetAt(30_500), 30_000)
    assert.strictEqual(offsetAt(90_500), -30_000)
  })

  it("is zero below two seconds, as Date can be off by that much", () => {
    assert.deepStrictEqual([58_501, 60_500, 62_499].map((now) => offsetAt(now)), [0, 0, 0])
    assert.deepStrictEqual([58_500, 62_500].map((now) => offsetAt(now)), [2000, -2000])
  })

  it("is unknown from an answer without a valid Date", () => {
    assert.isUndefined(offsetAt(0, {}))
    assert.isUndefined(offsetAt(0, { date: "yesterday" }))
  })
})
