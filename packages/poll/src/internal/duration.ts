/** Reads durations from text, and checks those that a program passed in: an invalid one is a defect in the program. */
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** The duration in milliseconds, zero or longer. */
export const notNegative = (option: string, input: Duration.Input): number =>
  check(option, input, (millis) => millis >= 0, "It must not be negative.")

/** The duration in milliseconds, zero or longer, but not infinite. */
export const finite = (option: string, input: Duration.Input): number => {
  const millis = notNegative(option, input)
  return check(option, input, () => millis < Number.POSITIVE_INFINITY, "It must be finite.")
}

/** The duration in milliseconds, longer than zero. */
export const positive = (option: string, input: Duration.Input): number =>
  check(option, input, (millis) => millis > 0, "It must be longer than zero.")

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const short = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/

/** A duration as people write it in a variable: `30s`, `1h30m`, `10 minutes`, or `infinity`. */
export const parse = (text: string): Option.Option<Duration.Duration> => {
  if (text.toLowerCase() === "infinity") return Option.some(Duration.infinity)
  if (!short.test(text)) return decode(text)
  const parts = text.matchAll(/([\d.]+)(\D+)/g)
  const millis = Array.from(parts, ([, number, unit = ""]) => Number(number) * (units[unit] ?? Number.NaN))
  return Option.some(Duration.millis(millis.reduce((sum, one) => sum + one, 0)))
}

const decode = Schema.decodeOption(Schema.DurationFromString)

/** How much lateness a request is worth, in milliseconds: at least one. */
export const requestCost = (input: Duration.Input | undefined): number =>
  Math.max(1, positive("requestCost", input ?? "250 millis"))

/** A number of `minimum` or more. */
export const atLeast = (option: string, minimum: number, value: number): number => {
  if (value >= minimum) return value
  throw new RangeError(`${option} is ${value}. It must be ${minimum} or more.`)
}

const check = (option: string, input: Duration.Input, isRight: (millis: number) => boolean, rule: string): number => {
  const millis = Option.match(Duration.fromInput(input), { onNone: () => Number.NaN, onSome: Duration.toMillis })
  if (Number.isNaN(millis) || Number.isNaN(input)) {
    throw new RangeError(
      `${option} is ${typeof input === "string" ? JSON.stringify(input) : show(input)}, which is no duration. ` +
        `Give milliseconds, a Duration, or a text such as "10 minutes" or "500 millis".`
    )
  }
  if (isRight(millis)) return millis
  throw new RangeError(`${option} is ${show(input)}. ${rule}`)
}

const show = (input: Duration.Input): string =>
  Duration.isDuration(input) ? Duration.format(input) : Inspectable.toStringUnknown(input, 0)
