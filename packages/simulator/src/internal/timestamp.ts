/**
 * How the simulator writes times: RFC 3339 in the form asked for, and the HTTP date of the `Date` header.
 */
import * as DateTime from "effect/DateTime"

export interface TimestampFormat {
  readonly fractionDigits?: number
  readonly offset?: "Z" | "z" | `${"+" | "-"}${string}:${string}`
}

// Digits below the millisecond. Not zeros: a client that rounds them up or fails on them should be seen to.
const below = "999999"

const offsetMinutes = (offset: string): number => {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(offset) ?? []
  return sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** RFC 3339, with `Z` and whole seconds unless asked otherwise, as Cloudflare's own examples have it. */
export const rfc3339 = ({ fractionDigits = 0, offset = "Z" }: TimestampFormat) => (at: number): string => {
  const local = DateTime.formatIso(DateTime.makeUnsafe(at + offsetMinutes(offset) * 60_000))
  const fraction = (local.slice(20, 23) + below).slice(0, fractionDigits)
  return `${local.slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}${offset}`
}

/** RFC 9110's preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`. */
export const httpDate = (at: number): string => DateTime.toDateUtc(DateTime.makeUnsafe(at)).toUTCString()
