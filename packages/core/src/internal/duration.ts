/** Checks durations that a program passed in: an invalid value is a defect in the program. */
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"

/** The duration, longer than zero. Throws otherwise. */
export const positive = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis > 0, "longer than zero")

/** The duration, longer than zero and finite. Throws otherwise. */
export const finite = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis > 0 && Number.isFinite(millis), "longer than zero, and finite")

/** The duration, zero or longer. Throws otherwise. */
export const notNegative = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis >= 0, "zero or longer")

const check = (option: string, input: Duration.Input, isRight: (millis: number) => boolean, rule: string) => {
  const duration = Number.isNaN(input) ? undefined : Option.getOrUndefined(Duration.fromInput(input))
  if (duration !== undefined && isRight(Duration.toMillis(duration))) return duration
  const shown = typeof input === "string"
    ? JSON.stringify(input)
    : Duration.isDuration(input)
    ? Duration.format(input)
    : Inspectable.toStringUnknown(input, 0)
  throw new RangeError(`${option} is ${shown}. Expected a duration ${rule}, such as "10 minutes" or "500 millis".`)
}
