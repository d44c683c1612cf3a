/** The durations of the last operations of one kind, as plain data. */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { longest } from "./bins.ts"
import { type Beliefs, nothing, observe } from "./hazard.ts"

const mostOperations = 256

const Age = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longest }))

/**
 * How long one operation took, as an interval of milliseconds from its start.
 *
 * @example
 * import { PollHistory } from "@bulk-operations/poll"
 * import { Schema } from "effect"
 *
 * // It had not ended after 2 seconds, and had after 3.
 * Schema.is(PollHistory.Observation)({ at: 1_767_225_600_000, from: 2000, to: 3000 }) // => true
 */
export const Observation = Schema.Struct({
  /** When it was observed, in milliseconds since the epoch. */
  at: Schema.Int,
  /** It had not ended at this age. */
  from: Age,
  /** It had ended at this age. Absent if its end was not detected. */
  to: Schema.optionalKey(Age)
}).check(Schema.makeFilter(({ from, to }) => to === undefined || from < to, { expected: "from before to" }))
export type Observation = typeof Observation.Type

/**
 * The durations of the last operations, oldest first.
 *
 * @example
 * import { PollHistory } from "@bulk-operations/poll"
 * import { Schema } from "effect"
 *
 * const Json = Schema.fromJsonString(PollHistory.History)
 * Schema.encodeSync(Json)(PollHistory.empty) // => '{"version":1,"operations":[]}'
 */
export const History = Schema.Struct({
  version: Schema.Literal(1),
  operations: Schema.Array(Observation).check(Schema.isMaxLength(mostOperations))
})
export type History = typeof History.Type

/** Nothing observed yet. */
export const empty: History = { version: 1, operations: [] }

/** One operation, as a wait observed it. Operations with an unknown start cannot be recorded. */
export interface Sighting {
  readonly startedAt: DateTime.DateTime
  /** When the last poll that showed it under way was sent. Default: none did. */
  readonly underWayAt?: DateTime.DateTime | undefined
  /** When an answer showed that it had ended. Default: none did, because the wait was interrupted or timed out. */
  readonly seenAt?: DateTime.DateTime | undefined
  /** When it ended according to Cloudflare. It is ignored if it contradicts the other times. */
  readonly completed?: DateTime.DateTime | undefined
}

/**
 * Adds one operation to a history.
 *
 * Cloudflare's `completed` has whole seconds, so the operation ended somewhere in that second. Without it, the
 * operation ended between two polls. If neither makes sense, because a clock was set, nothing is recorded. More than a
 * day counts as a day.
 */
export const record = (history: History, sighting: Sighting): History => {
  const observation = observationOf(sighting)
  if (observation === undefined) return history
  // Each observation has a unique time, so that merging does not confuse two of them.
  const at = Math.max(observation.at, (history.operations.at(-1)?.at ?? Number.NEGATIVE_INFINITY) + 1)
  return { version: 1, operations: [...history.operations, { ...observation, at }].slice(-mostOperations) }
}

const wholeSecond = 1000

const observationOf = ({ completed, seenAt, startedAt, underWayAt }: Sighting): Observation | undefined => {
  const start = DateTime.toEpochMillis(startedAt)
  const age = (at: DateTime.DateTime) => DateTime.toEpochMillis(at) - start
  const underWay = underWayAt === undefined ? 0 : Math.max(0, age(underWayAt))
  if (seenAt === undefined) return underWay > 0 ? bounded(start + underWay, underWay) : undefined
  const seen = age(seenAt)
  if (seen <= underWay) return undefined
  const at = DateTime.toEpochMillis(seenAt)
  if (completed === undefined) return bounded(at, underWay, seen)
  const ended = age(completed)
  const from = Math.max(underWay, ended)
  const to = Math.min(seen, ended + (DateTime.toEpochMillis(completed) % wholeSecond === 0 ? wholeSecond : 1))
  return from < to ? bounded(at, from, to) : bounded(at, underWay, seen)
}

const bounded = (at: number, from: number, to?: number): Observation =>
  to === undefined || from >= longest
    ? { at: Math.round(at), from: Math.min(Math.floor(from), longest) }
    : { at: Math.round(at), from: Math.floor(from), to: Math.min(Math.ceil(to), longest) }

const key = ({ at, from, to }: Observation) => `${at} ${from} ${to}`

/**
 * Merges two histories and keeps the last operations. It is commutative and idempotent.
 *
 * @example
 * import { PollHistory } from "@bulk-operations/poll"
 * import { DateTime } from "effect"
 *
 * // Two processes have observed the same operations.
 * const startedAt = DateTime.makeUnsafe("2026-01-01T08:00:00Z")
 * const seenAt = DateTime.makeUnsafe("2026-01-01T08:00:05Z")
 * const one = PollHistory.record(PollHistory.empty, { startedAt, seenAt })
 * const other = PollHistory.record(one, { startedAt, seenAt: DateTime.makeUnsafe("2026-01-01T08:00:07Z") })
 *
 * PollHistory.merge(one, other).operations.length // => 2
 */
export const merge = (one: History, other: History): History => {
  const all = new Map([...one.operations, ...other.operations].map((observation) => [key(observation), observation]))
  const sorted = Array.from(all.values()).toSorted((left, right) =>
    left.at - right.at || left.from - right.from || (left.to ?? longest) - (right.to ?? longest)
  )
  return { version: 1, operations: sorted.slice(-mostOperations) }
}

/** The beliefs after one more operation. */
export const learn = (beliefs: Beliefs, { from, to }: Observation): Beliefs =>
  observe(beliefs, { from, to: to ?? Number.POSITIVE_INFINITY })

/** The beliefs learned from a history. */
export const beliefs = ({ operations }: History): Beliefs => operations.reduce(learn, nothing)
