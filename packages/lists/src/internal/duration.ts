/** Checks durations that a program passed in: an invalid value is a defect in the program. */
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"

/** The duration, zero or longer. Throws otherwise. */
export const notNegative = (option: string, input: Duration.Input): Duration.Duration => {
  const duration = Option.getOrUndefined(Duration.fromInput(input))
  if (duration === undefined || Number.isNaN(input)) {
    throw new RangeError(
      `${option} is ${typeof input === "string" ? JSON.stringify(input) : show(input)}, which is no duration. ` +
        `Give milliseconds, a Duration, or a text such as "10 minutes" or "500 millis".`
    )
  }
  if (!Duration.isNegative(duration)) return duration
  throw new RangeError(`${option} is ${show(input)}. It must not be negative.`)
}

const show = (input: Duration.Input): string =>
  Duration.isDuration(input) ? Duration.format(input) : Inspectable.toStringUnknown(input, 0)
