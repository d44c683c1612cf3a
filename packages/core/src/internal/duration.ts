/** Checks durations that a program passed in: an invalid value is a defect in the program. */
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"

/** The duration, longer than zero. Throws otherwise. */
export const positive = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis > 0, "It must be longer than zero.")

/** The duration, longer than zero and finite. Throws otherwise. */
export const finite = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis > 0 && Number.isFinite(millis), "It must be longer than zero, and finite.")

/** The duration, zero or longer. Throws otherwise. */
export const notNegative = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis >= 0, "It must not be negative.")

const check = (option: string, input: Duration.Input, isRight: (millis: number) => boolean, rule: string) => {
  const duration = Option.getOrUndefined(Duration.fromInput(input))
  if (duration === undefined || Number.isNaN(input)) {
    throw new RangeError(
      `${option} is ${typeof input === "string" ? JSON.stringify(input) : show(input)}, which is no duration. ` +
        `Give milliseconds, a Duration, or a text such as "10 minutes" or "500 millis".`
    )
  }
  if (isRight(Duration.toMillis(duration))) return duration
  throw new RangeError(`${option} is ${show(input)}. ${rule}`)
}

const show = (input: Duration.Input): string =>
  Duration.isDuration(input) ? Duration.format(input) : Inspectable.toStringUnknown(input, 0)
