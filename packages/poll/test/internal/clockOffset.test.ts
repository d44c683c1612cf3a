import { assert, describe, it } from "@effect/vitest"
import * as Headers from "effect/http/Headers"
import * as ClockOffset from "../../src/internal/clockOffset.ts"

const date = "Thu, 01 Jan 1970 00:01:00 GMT"
const offsetAt = (now: number, headers: Headers.Input = { date }) => ClockOffset.read(Headers.fromInput(headers), now)

describe("the offset of Cloudflare's clock", () => {
  it("is how far the middle of the second that Date names is ahead", () => {
    assert.strictEqual(offsetAt(30_500), 30_000)
    assert.strictEqual(offsetAt(90_500), -30_000)
  })

  it("is none where it is less than two seconds: Date can be off as far", () => {
    assert.deepStrictEqual([58_501, 60_500, 62_499].map((now) => offsetAt(now)), [0, 0, 0])
    assert.deepStrictEqual([58_500, 62_500].map((now) => offsetAt(now)), [2000, -2000])
  })

  it("is not known from an answer without a Date, or with one that is none", () => {
    assert.isUndefined(offsetAt(0, {}))
    assert.isUndefined(offsetAt(0, { date: "yesterday" }))
  })
})
