/** Formats times: RFC 3339 in the configured form, and the HTTP date of the `Date` header. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

/** A form of RFC 3339. By default the one of Cloudflare's examples: whole seconds and `Z`. */
export interface TimestampFormat {
  /** Fractional digits, 0 to 9. Those below the millisecond are nines, which a client must not round up. */
  readonly fractionDigits?: number
  /** `"8 hours"` is written `+08:00`, and 0 is written `+00:00`. */
  readonly offset?: "Z" | "z" | Duration.Input
}

const two = (n: number) => String(Math.floor(n)).padStart(2, "0")

const signed = (minutes: number): string => {
  const absolute = Math.abs(minutes)
  return `${minutes < 0 ? "-" : "+"}${two(absolute / 60)}:${two(absolute % 60)}`
}

export const rfc3339 = ({ fractionDigits = 0, offset = "Z" }: TimestampFormat) => {
  const isZulu = offset === "Z" || offset === "z"
  const minutes = isZulu ? 0 : Math.round(Duration.toMinutes(offset))
  const suffix = isZulu ? offset : signed(minutes)
  return (at: number): string => {
    const local = DateTime.formatIso(DateTime.makeUnsafe(at + minutes * 60_000))
    const fraction = `${local.slice(20, 23)}999999`.slice(0, Math.max(0, fractionDigits))
    return `${local.slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}${suffix}`
  }
}

/** RFC 9110's preferred form, such as `Sun, 06 Nov 1994 08:49:37 GMT`. */
export const httpDate = (at: number): string => new Date(at).toUTCString()
