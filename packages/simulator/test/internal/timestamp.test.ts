import { BulkOperation } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Schema } from "effect"
import { httpDate, rfc3339 } from "../../src/internal/timestamp.ts"

const Format = Schema.Struct({
  fractionDigits: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })),
  offset: Schema.Literals(["Z", "z", 0, "8 hours", "-90 minutes", "-12 hours"])
})

const Instant = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Date.UTC(9998, 0) }))

describe("rfc3339", () => {
  it.effect.prop(
    "names the same instant in every form, cut to the given number of digits",
    [Format, Instant],
    ([format, at]) =>
      Effect.gen(function*() {
        const text = rfc3339(format)(at)
        const wire = { id: "op", status: "completed", completed: text } as const
        const { completed } = yield* Schema.decodeEffect(BulkOperation.Completed)(wire)
        const unit = 10 ** Math.max(0, 3 - format.fractionDigits)
        const expected = Option.some(Math.floor(at / unit) * unit)
        assert.deepStrictEqual(Option.map(completed, DateTime.toEpochMillis), expected)
        assert.strictEqual(/\.(\d+)/.exec(text)?.[1]?.length ?? 0, format.fractionDigits)
      })
  )

  it.each([["Z", "Z"], ["z", "z"], [0, "+00:00"], ["8 hours", "+08:00"], ["-90 minutes", "-01:30"]] as const)(
    "writes the offset %s as %s",
    (offset, written) => {
      assert.strictEqual(rfc3339({ offset })(Date.UTC(2020, 0, 1)).slice(19), written)
    }
  )

  it("writes whole seconds and Z unless asked otherwise", () => {
    assert.strictEqual(rfc3339({})(Date.UTC(2020, 0, 1, 8, 0, 0, 999)), "2020-01-01T08:00:00Z")
  })
})

describe("httpDate", () => {
  it("is the preferred form of RFC 9110", () => {
    assert.strictEqual(httpDate(Date.UTC(1994, 10, 6, 8, 49, 37, 999)), "Sun, 06 Nov 1994 08:49:37 GMT")
  })
})
