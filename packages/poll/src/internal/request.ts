/** The options of a wait, resolved and checked. */
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as PollOptions from "../PollOptions.ts"
import type { PollSchedule } from "../PollSchedule.ts"
import * as Wait from "../Wait.ts"
import * as Durations from "./duration.ts"

/** The options of one wait. */
export interface Options extends PollOptions.PartialOptions {
  readonly accountId?: string | undefined
  readonly startedAt?: DateTime.DateTime | undefined
}

/** What to wait for, and how. */
export interface Request extends Omit<Parameters<typeof Wait.make>[0], "now"> {
  readonly operationId: string
  readonly accountId: string | undefined
  /** When the operation was started, in epoch milliseconds. */
  readonly startedAt: number | undefined
  readonly schedule: PollSchedule
  /** The name of its history, and its expected duration in milliseconds. */
  readonly history: string
  readonly expected: number | undefined
  readonly transientSchedule: Schedule.Schedule<unknown, CloudflareError>
}

/** The request of a wait that begins now. Throws for an invalid value. */
export const make = (
  operationId: string,
  accountId: string | undefined,
  options: Options | undefined,
  provided: PollOptions.PartialOptions,
  now: number
): Request => {
  const resolved = PollOptions.resolve(options, provided)
  const { deadline, forbiddenGrace, notFoundGrace, tolerance } = Wait.make({ ...resolved, now: 0 })
  return {
    operationId,
    accountId,
    startedAt: options?.startedAt && startOf(options.startedAt, now),
    schedule: resolved.schedule,
    transientSchedule: resolved.transientSchedule,
    history: resolved.history,
    expected: resolved.expected === undefined ? undefined : Durations.positive("expected", resolved.expected),
    timeout: deadline,
    tolerance,
    notFoundGrace,
    forbiddenGrace
  }
}

// Operations take minutes. An age above the first limit is implausible, one above the second a mistake.
const unlikelyAge = Duration.days(30)
const impossibleAge = Duration.days(3650)

const startOf = (startedAt: DateTime.DateTime, now: number): number => {
  const millis = DateTime.toEpochMillis(startedAt)
  if (now - millis <= Duration.toMillis(impossibleAge)) return millis
  throw new RangeError(
    `startedAt is ${DateTime.formatIso(startedAt)}, more than ten years ago. Was it made of seconds, not milliseconds?`
  )
}

/** Warns about an implausible `startedAt`. */
export const warnOfAge = ({ operationId, startedAt }: Request, now: number): Effect.Effect<void> => {
  const age = Duration.millis(now - (startedAt ?? now))
  if (Duration.isLessThan(Duration.abs(age), unlikelyAge)) return Effect.void
  const when = Duration.isNegative(age) ? "in the future" : "ago"
  return Effect.logWarning(
    `startedAt of bulk operation ${operationId} is ${Duration.format(Duration.abs(age))} ${when}, which is unlikely: ` +
      "it decides how often the operation is polled."
  )
}
