import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Exit, Schema } from "effect"
import * as Rfc3339 from "../../src/internal/rfc3339.ts"

const decode = Schema.decodeUnknownEffect(Rfc3339.DateTimeUtc)
const encode = Schema.encodeEffect(Rfc3339.DateTimeUtc)
const decodeToIso = (text: string) => Effect.map(decode(text), DateTime.formatIso)
const whyRefused = (input: unknown) => Effect.map(Effect.flip(decode(input)), (error) => error.message)

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const pad = (value: number, length = 2) => String(value).padStart(length, "0")

describe("decoding", () => {
  it.effect.each(
    [
      ["2026-01-31T08:00:00Z", "2026-01-31T08:00:00.000Z"],
      ["2026-01-31t08:00:00z", "2026-01-31T08:00:00.000Z"],
      ["2026-01-31T08:00:00.5Z", "2026-01-31T08:00:00.500Z"],
      ["2026-01-31T08:00:00.05Z", "2026-01-31T08:00:00.050Z"],
      ["2026-01-31T08:00:00.12345Z", "2026-01-31T08:00:00.123Z"],
      ["2026-01-31T08:00:00.999999999Z", "2026-01-31T08:00:00.999Z"],
      [`2026-01-31T08:00:00.${"123456789".repeat(20)}Z`, "2026-01-31T08:00:00.123Z"],
      ["2026-08-07T12:07:49.123456789+08:00", "2026-08-07T04:07:49.123Z"],
      ["2026-01-01T00:00:00+05:45", "2025-12-31T18:15:00.000Z"],
      ["2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.000Z"],
      ["2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z"],
      ["2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00.000Z"],
      ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
      ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"],
      ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
      ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"]
    ] as const
  )("%s is %s", ([text, iso]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* decodeToIso(text), iso)
    }))

  it.effect.each([
    "",
    "yesterday",
    "1",
    "1767225600",
    "2026",
    "2026-01-01",
    "2026-01-01T00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "2026-01-01_00:00:00Z",
    "20260101T000000Z",
    "26-01-01T00:00:00Z",
    "02026-01-01T00:00:00Z",
    "+002026-01-01T00:00:00Z",
    "-2026-01-01T00:00:00Z",
    "2026-1-1T00:00:00Z",
    "2026-01-01T0:00:00Z",
    "2026-W01-1T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00,5Z",
    "2026-01-01T00:00:00.5",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+00:60",
    "2026-01-01T00:00:00+0100",
    "2026-01-01T00:00:00+01",
    "2026-01-01T00:00:00\u221201:00",
    "2026-01-01T00:00:00 +01:00",
    "2026-01-01T00:00:00ZZ",
    "2026-01-01T00:00:00UTC",
    "2026-01-01T00:00:00[UTC]",
    " 2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z ",
    "2026-01-01T00:00:00Z\n",
    "\u0662\u0660\u0662\u0666-01-01T00:00:00Z"
  ])("%j is refused, with what was expected", (text) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* whyRefused(text), "Expected an RFC 3339 timestamp such as 2026-01-31T08:00:00Z")
    }))

  it.effect.each([1_767_225_600, null, new Date(0)])(
    "refuses a value that is not a string: %j",
    (input) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* whyRefused(input), "Expected string")
      })
  )

  it.effect.each(
    [
      ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
      ["2016-12-31T23:59:60.999Z", "2017-01-01T00:00:00.000Z"],
      ["2015-06-30T23:59:60Z", "2015-07-01T00:00:00.000Z"],
      ["2017-01-01T08:59:60+09:00", "2017-01-01T00:00:00.000Z"]
    ] as const
  )("a leap second is the second after it: %s", ([text, iso]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* decodeToIso(text), iso)
    }))

  it.effect.each([
    "2016-12-31T23:58:60Z",
    "2016-12-31T22:59:60Z",
    "2017-01-01T03:59:60Z",
    "2017-01-01T00:29:60Z",
    "2016-12-30T23:59:60Z",
    "2016-12-31T23:59:60+09:00",
    "2026-02-29T23:59:60Z"
  ])(
    "a leap second is refused where none can be, not at the end of a month of UTC: %s",
    (text) =>
      Effect.gen(function*() {
        assert.match(yield* whyRefused(text), /^Expected an RFC 3339 timestamp/)
      })
  )

  it.effect.each(["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z"])(
    "refuses an instant whose year in UTC does not have four digits: %s",
    (text) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* whyRefused(text), "Expected a year from 0000 to 9999 in UTC")
      })
  )

  const day = 86_400
  const anyTimestamp = Schema.Struct({
    // A day from either end, so that no offset leaves the four-digit years.
    second: int(Date.parse("0000-01-02T00:00:00Z") / 1000, Date.parse("9999-12-31T00:00:00Z") / 1000 - day),
    offset: Schema.NullOr(int(-1439, 1439)),
    fraction: Schema.Array(int(0, 9)),
    upperCase: Schema.Boolean
  })
  it.effect.prop(
    "accepts any instant, offset and fraction, cut to the millisecond",
    [anyTimestamp],
    ([{ fraction, offset, second, upperCase }]) =>
      Effect.gen(function*() {
        const local = new Date((second + (offset ?? 0) * 60) * 1000).toISOString().slice(0, 19)
        const digits = fraction.length === 0 ? "" : `.${fraction.join("")}`
        const distance = Math.abs(offset ?? 0)
        const zone = offset === null
          ? "Z"
          : `${offset < 0 ? "-" : "+"}${pad(Math.floor(distance / 60))}:${pad(distance % 60)}`
        const text = local + digits + zone

        const utc = yield* decode(upperCase ? text : text.toLowerCase())
        const [tenths = 0, hundredths = 0, thousandths = 0] = fraction
        assert.strictEqual(
          DateTime.toEpochMillis(utc),
          second * 1000 + tenths * 100 + hundredths * 10 + thousandths
        )
      })
  )

  const anyFields = Schema.Struct({
    year: Schema.Union([int(0, 9999), Schema.Literals([1900, 2000, 2023, 2024])]),
    month: int(0, 14),
    day: Schema.Union([int(0, 34), int(28, 31)]),
    hour: int(0, 25),
    minute: int(0, 61),
    second: Schema.Union([int(0, 59), Schema.Literal(61)])
  })
  it.effect.prop(
    "accepts a date exactly when it is in the calendar",
    [anyFields],
    ([fields]) =>
      Effect.gen(function*() {
        const { day, hour, minute, month, second, year } = fields
        const leapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
        const daysInMonth = [31, leapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
        const exists = day >= 1 && day <= daysInMonth && hour < 24 && minute < 60 && second < 60

        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}Z`
        assert.strictEqual(Exit.isSuccess(yield* Effect.exit(decode(text))), exists, text)
      }),
    { arbitrary: { runs: 500 } }
  )
})

describe("encoding", () => {
  it.effect.each(
    [
      ["2026-01-31T08:00:00.000Z", "2026-01-31T08:00:00Z"],
      ["2026-01-31T08:00:00.120Z", "2026-01-31T08:00:00.120Z"],
      ["0000-01-01T00:00:00.001Z", "0000-01-01T00:00:00.001Z"]
    ] as const
  )("%s is written as %s", ([iso, text]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* encode(DateTime.makeUnsafe(iso)), text)
    }))

  it.effect("refuses an instant whose year does not have four digits", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(encode(DateTime.makeUnsafe(8.64e15)))
      assert.strictEqual(message, "Expected a year from 0000 to 9999 in UTC")
    }))

  it.effect.prop(
    "is reversed by decoding",
    [Rfc3339.DateTimeUtc],
    ([utc]) =>
      Effect.gen(function*() {
        assert.isTrue(DateTime.Equivalence(yield* decode(yield* encode(utc)), utc))
      })
  )
})
