/** When an operation was started, as a program gives it. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

const impossibleAge = Duration.days(3650)

/** The time, if it is plausible. Throws otherwise. */
export const check = (given: DateTime.DateTime, now: DateTime.Utc): DateTime.Utc => {
  if (Duration.isLessThanOrEqualTo(DateTime.distance(given, now), impossibleAge)) return DateTime.toUtc(given)
  throw new RangeError(
    `startedAt is ${DateTime.formatIso(given)}, more than ten years ago. Was it made of seconds, not milliseconds?`
  )
}
