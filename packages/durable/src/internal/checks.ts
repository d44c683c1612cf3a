/** Checks a program's options before they are stored: a stored invalid value would stay invalid for ever. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"

/** A duration of zero or longer, in whole milliseconds. */
export const duration = (option: string, input: Duration.Input): Duration.Duration =>
  check(option, input, (millis) => millis >= 0, "It must not be negative.")

/** What a request costs: longer than zero, and finite. */
export const requestCost = (input: Duration.Input): Duration.Duration =>
  check(
    "requestCost",
    input,
    (millis) => millis > 0 && Number.isFinite(millis),
    "It must be longer than zero, and finite."
  )

const check = (option: string, input: Duration.Input, isRight: (millis: number) => boolean, rule: string) => {
  const millis = Option.match(Duration.fromInput(input), { onNone: () => Number.NaN, onSome: Duration.toMillis })
  const shown = Duration.isDuration(input) ? Duration.format(input) : Inspectable.toStringUnknown(input, 0)
  if (Number.isNaN(millis) || Number.isNaN(input)) {
    throw new RangeError(
      `${option} is ${typeof input === "string" ? JSON.stringify(input) : shown}, which is no duration. ` +
        `Give milliseconds, a Duration, or a text such as "10 minutes" or "500 millis".`
    )
  }
  if (isRight(millis)) return Duration.millis(Math.ceil(millis))
  throw new RangeError(`${option} is ${shown}. ${rule}`)
}

const impossibleAge = Duration.days(3650)

/** A plausible start time. */
export const startedAt = (given: DateTime.DateTime, now: DateTime.Utc): DateTime.Utc => {
  if (Duration.isLessThanOrEqualTo(DateTime.distance(given, now), impossibleAge)) return DateTime.toUtc(given)
  throw new RangeError(
    `startedAt is ${DateTime.formatIso(given)}, more than ten years ago. Was it made of seconds, not milliseconds?`
  )
}
