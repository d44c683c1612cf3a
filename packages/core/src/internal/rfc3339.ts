/**
 * Strict parsing of RFC 3339 timestamps.
 *
 * Effect's own `Schema.DateTimeUtcFromString` is as lenient as `new Date`: it takes `"1"` for the year 2001 and turns
 * 30 February into 2 March. A wait that believed such a date would report nonsense, so it is refused here.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

const grammar =
  /^(\d{4})-(0[1-9]|1[0-2])-(\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/

const expected = "an RFC 3339 timestamp such as 2026-01-31T08:00:00Z"

const minuteMillis = 60_000
const dayMillis = 24 * 60 * minuteMillis

// The calendar repeats every 400 years; `Date.UTC` would read years below 100 as 19xx.
const cycle = Date.UTC(2400, 0) - Date.UTC(2000, 0)

const midnight = (year: number, month: number, day: number) => Date.UTC(year + 400, month - 1, day) - cycle

const daysInMonth = (year: number, month: number) =>
  (midnight(year, month + 1, 1) - midnight(year, month, 1)) / dayMillis

const isFirstOfMonth = (millis: number) => millis % dayMillis === 0 && new Date(millis).getUTCDate() === 1

const inMinutes = (hours: string, minutes: string) => 60 * Number(hours) + Number(minutes)

// Epoch milliseconds. `DateTime.make` would parse the text again, at twice the cost.
const parse = (input: string): number | undefined => {
  const parts = grammar.exec(input)
  if (parts === null) return undefined
  const [, years, months, days, hours = "", minutes = "", seconds, fraction = "", sign, offsetHours, offsetMinutes] =
    parts
  const [year, month, day] = [Number(years), Number(months), Number(days)]
  if (day < 1 || (day > 28 && day > daysInMonth(year, month))) return undefined
  const offset = inMinutes(offsetHours ?? "", offsetMinutes ?? "") * (sign === "-" ? -1 : 1)
  const minute = midnight(year, month, day) + minuteMillis * (inMinutes(hours, minutes) - offset)
  if (seconds !== "60") return minute + 1000 * Number(seconds) + Number(fraction.slice(0, 3).padEnd(3, "0"))
  // Leap seconds are only added at the end of a UTC month. JavaScript has none, so they become the next second.
  const next = minute + minuteMillis
  return isFirstOfMonth(next) ? next : undefined
}

const fourDigitYear = Schema.makeIsBetween({
  order: DateTime.Order,
  formatter: DateTime.formatIso
})({
  minimum: DateTime.makeUnsafe("0000-01-01T00:00:00.000Z"),
  maximum: DateTime.makeUnsafe("9999-12-31T23:59:59.999Z")
}, { expected: "a year from 0000 to 9999 in UTC" })

/**
 * `DateTime.Utc` from an RFC 3339 string: any number of fraction digits, any offset, `Z` or `z`.
 *
 * Digits below the millisecond are dropped, and the offset is not kept: encoding writes the same instant with `Z`.
 * Dates that do not exist are refused.
 */
export const DateTimeUtc = Schema.String.pipe(
  Schema.decodeTo(
    Schema.DateTimeUtc.check(fourDigitYear),
    SchemaTransformation.transformEffect<DateTime.Utc, string>({
      decode: (input, options) => {
        const millis = parse(input)
        if (millis !== undefined) return Effect.succeed(DateTime.makeUnsafe(millis))
        return Effect.fail(new SchemaIssue.InvalidValue({ message: `Expected ${expected}` }, input, options))
      },
      encode: (utc) => Effect.succeed(DateTime.formatIso(utc).replace(".000Z", "Z"))
    })
  )
).annotate({ identifier: "Rfc3339" })
