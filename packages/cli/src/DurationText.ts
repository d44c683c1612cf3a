/**
 * Durations as people type and read them: `30s`, `1h30m`, `10 minutes`.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

const isUnit = (text: string | undefined): text is keyof typeof units => text !== undefined && text in units

const long = /^(\d+(?:\.\d+)?)\s*(milli(?:second)?|second|sec|minute|min|hour|day)s?$/

const longUnit = (text: string): number =>
  text.startsWith("milli")
    ? 1
    : units[text.startsWith("m") ? "m" : text.startsWith("s") ? "s" : text === "hour" ? "h" : "d"]

/** The expected form, for error messages. */
export const expected = "a duration such as 30s, 10m, 1h30m or \"2 hours\""

/** Parses a duration. A number without a unit is not one. */
export const parse = (text: string): Option.Option<Duration.Duration> => {
  const trimmed = text.trim().toLowerCase()
  if (trimmed === "infinity") return Option.some(Duration.infinity)
  const [, number, unit = ""] = long.exec(trimmed) ?? []
  if (number !== undefined) return Option.some(Duration.millis(Number(number) * longUnit(unit)))
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)\s*)+$/.test(trimmed)) return Option.none()
  const parts = Array.from(trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
  return Option.some(Duration.millis(
    parts.reduce((sum, [, number, unit]) => sum + (isUnit(unit) ? Number(number) * units[unit] : 0), 0)
  ))
}

const two = (n: number) => String(n).padStart(2, "0")

/** A duration in a few characters: `0.4s`, `12s`, `3m05s`, `1h02m`, `2d03h`. */
export const format = (duration: Duration.Input): string => {
  const millis = Duration.toMillis(Duration.fromInputUnsafe(duration))
  if (millis === Number.POSITIVE_INFINITY) return "forever"
  if (millis < 9950) return `${(Math.max(0, millis) / 1000).toFixed(1)}s`
  const seconds = Math.round(millis / 1000)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
  return `${Math.floor(minutes / 1440)}d${two(Math.floor(minutes / 60) % 24)}h`
}

/** Formats a duration exactly, in a form that `parse` reads. */
export const asArgument = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (millis === Number.POSITIVE_INFINITY) return "infinity"
  const unit = (["d", "h", "m", "s"] as const).find((unit) => millis !== 0 && millis % units[unit] === 0) ?? "ms"
  return `${millis / units[unit]}${unit}`
}

/** Seconds with milliseconds, for programs. */
export const seconds = (duration: Duration.Input): number =>
  Math.round(Duration.toMillis(Duration.fromInputUnsafe(duration))) / 1000
