/** The stored form of a wait: its options, with its beginning and its deadline as absolute times. */
import * as PollOptions from "@bulk-operations/poll/PollOptions"
import * as PollSchedule from "@bulk-operations/poll/PollSchedule"
import * as Wait from "@bulk-operations/poll/Wait"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import type { WaitOptions } from "../DurablePoller.ts"
import * as StartedAt from "./startedAt.ts"

/**
 * Version 1. Add a later version to the union, and never replace this one: what an older release has stored must stay
 * readable.
 */
const Version1 = Schema.Struct({
  version: Schema.Literal(1),
  operationId: Schema.String,
  accountId: Schema.optionalKey(Schema.String),
  /** When the wait began. */
  beganAt: Schema.DateTimeUtcFromMillis,
  /** When the operation was started, if known. */
  startedAt: Schema.optionalKey(Schema.DateTimeUtcFromMillis),
  /** If absent, there is none. */
  deadline: Schema.optionalKey(Schema.DateTimeUtcFromMillis),
  requestCost: Schema.optionalKey(Schema.DurationFromMillis),
  tolerance: Schema.optionalKey(Schema.DurationFromMillis),
  notFoundGrace: Schema.optionalKey(Schema.DurationFromMillis)
})

/** Every version that can be in a store. */
export const StoredWait = Schema.Union([Version1])
export type StoredWait = typeof StoredWait.Type

/** Identifies a wait. */
export const keyOf = ({ accountId, deadline, operationId }: StoredWait): string =>
  JSON.stringify([accountId ?? null, operationId, deadline === undefined ? null : DateTime.toEpochMillis(deadline)])

/** The options in which two waits with the same key differ. */
export const differences = (one: StoredWait, other: StoredWait) =>
  (["startedAt", "requestCost", "tolerance", "notFoundGrace"] as const).filter((option) =>
    !Equal.equals(one[option], other[option])
  )

/** The time that the timeout counts from, and the gaps of a resumed wait. */
export const originOf = ({ beganAt, startedAt }: StoredWait): DateTime.Utc => startedAt ?? beganAt

type Waiting = Pick<WaitOptions, "timeout" | "requestCost" | "tolerance" | "notFoundGrace">

/**
 * The options to store: the caller's, or those provided in its context. A wait without a limit has no timeout. Throws
 * for an invalid value: a stored one would stay invalid for ever.
 */
export const optionsOf = (options: Waiting | undefined, provided: PollOptions.PartialOptions) => {
  const { requestCost } = options ?? {}
  const tolerance = options?.tolerance ?? provided.tolerance
  const notFoundGrace = options?.notFoundGrace ?? provided.notFoundGrace
  const { timeout } = PollOptions.resolve(options, provided)
  const wait = Wait.make({ now: 0, timeout, tolerance, notFoundGrace })
  // Made for its check alone: the schedule itself cannot be stored.
  if (requestCost !== undefined) PollSchedule.quadratic({ requestCost })
  return {
    ...(Number.isFinite(wait.deadline) && { timeout: wholeMillis(wait.deadline) }),
    ...(requestCost !== undefined && { requestCost: wholeMillis(requestCost) }),
    ...(tolerance !== undefined && { tolerance: wholeMillis(wait.tolerance) }),
    ...(notFoundGrace !== undefined && { notFoundGrace: wholeMillis(wait.notFoundGrace) })
  }
}

const wholeMillis = (duration: Duration.Input) =>
  Duration.millis(Math.ceil(Duration.toMillis(Duration.fromInputUnsafe(duration))))

/** The wait that begins now. */
export const make = Effect.fnUntraced(function*(
  operationId: string,
  options: WaitOptions | undefined,
  defaultAccountId: string | undefined
): Effect.fn.Return<StoredWait> {
  const { timeout, ...rest } = optionsOf(options, yield* PollOptions.PollOptions)
  const beganAt = yield* DateTime.now
  const startedAt = options?.startedAt && StartedAt.check(options.startedAt, beganAt)
  const accountId = options?.accountId ?? defaultAccountId
  return {
    version: 1,
    operationId,
    ...(accountId !== undefined && { accountId }),
    beganAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(timeout !== undefined && { deadline: DateTime.addDuration(startedAt ?? beganAt, timeout) }),
    ...rest
  }
})
