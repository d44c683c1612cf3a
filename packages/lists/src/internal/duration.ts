/** Checks durations that a program passed in: an invalid value is a defect in the program. */
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"

/** The duration, zero or longer. Throws otherwise. */
export const notNegative = (option: string, input: Duration.Input): Duration.Duration => {
  const duration = Number.isNaN(input) ? undefined : Option.getOrUndefined(Duration.fromInput(input))
  if (duration !== undefined && !Duration.isNegative(duration)) return duration
  const shown = typeof input === "string"
    ? JSON.stringify(input)
    : Duration.isDuration(input)
    ? Duration.format(input)
    : Inspectable.toStringUnknown(input, 0)
  throw new RangeError(
    `${option} is ${shown}. Expected a duration zero or longer, such as "10 minutes" or "500 millis".`
  )
}
