/** Steps a schedule: a wait and `PollSchedule.gapAt` get the next gap from here. */
import { type BulkOperation, OperationId, Pending } from "@bulk-operations/core/BulkOperation"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

/** Milliseconds to the next poll after an answer at `now`, or undefined when the schedule has ended. */
export type Step<Input> = (now: number, input: Input) => Effect.Effect<number | undefined>

/** The step of a schedule that has ended. */
export const ended: Step<unknown> = () => Effect.undefined

// A schedule without delays, or one that is far behind, must not spin.
const shortestGap = 1
const maxGaps = 10_000

/**
 * Starts a schedule. The seed determines its initial random values: waits for the same operation with equal schedules
 * poll at the same times, and waits for different operations do not.
 */
export const begin = <Input>(schedule: Schedule.Schedule<unknown, Input>, seed: string): Effect.Effect<Step<Input>> =>
  Effect.map(
    Random.withSeed(Schedule.toStep(schedule), seed),
    (step): Step<Input> => (now, input) =>
      Effect.suspend(() => step(now, input)).pipe(
        Effect.map(([, delay]) => Math.max(shortestGap, Duration.toMillis(delay))),
        Pull.catchDone(() => Effect.undefined)
      )
  )

/** A schedule that was stepped through past gaps. */
export interface Aged {
  readonly step: Step<BulkOperation>
  /** How many gaps. */
  readonly gaps: number
  /** When the last gap ends. */
  readonly pollAt: number
}

const anyId = OperationId.make("unknown")

// The input of a schedule for polls that were not sent. Invalid ids are refused when they are sent.
const unseen = (operationId: string) => Pending.make({ id: Option.getOrElse(decodeId(operationId), () => anyId) })

const decodeId = Schema.decodeOption(OperationId)

/**
 * Starts a schedule for an operation that was started at `startedAt`, and steps it through `gaps` gaps, or, if their
 * number is unknown, through those that began before now.
 */
export const catchUp = Effect.fnUntraced(function*(
  schedule: Schedule.Schedule<unknown, BulkOperation>,
  operationId: string,
  options: { readonly startedAt: number; readonly now: number; readonly gaps?: number | undefined }
): Effect.fn.Return<Aged> {
  const { now } = options
  const step = yield* begin(schedule, operationId)
  const operation = unseen(operationId)
  const isOver = (gaps: number, pollAt: number) => options.gaps === undefined ? pollAt >= now : gaps >= options.gaps
  let pollAt = Math.min(options.startedAt, now)
  let gaps = 0
  while (gaps < maxGaps && !isOver(gaps, pollAt)) {
    const gap = yield* step(Math.min(pollAt, now), operation)
    if (gap === undefined) break
    pollAt += gap
    gaps += 1
  }
  return { step, gaps, pollAt }
})

/** An operation in the answer to another wait's poll. */
export interface Seen {
  readonly operation: BulkOperation
  readonly at: number
}

/** The schedule of a wait that begins. */
export interface Begun {
  readonly step: Step<BulkOperation>
  /** How many gaps it was stepped through. */
  readonly gaps: number
  readonly firstPollAt: number
}

/**
 * Starts a schedule for a wait that begins now, and returns when to poll first: at once, or after the first gap if the
 * operation was started more recently than that. An answer to another wait's poll counts as the first poll if it is
 * younger than the schedule's gap at that age.
 */
export const join = Effect.fnUntraced(function*(
  schedule: Schedule.Schedule<unknown, BulkOperation>,
  operationId: string,
  options: { readonly startedAt: number | undefined; readonly now: number; readonly seen: Seen | undefined }
): Effect.fn.Return<Begun> {
  const { now, seen, startedAt } = options
  if (seen !== undefined) {
    const { gaps, step } = yield* catchUp(schedule, operationId, { startedAt: startedAt ?? seen.at, now: seen.at })
    const gap = yield* step(seen.at, seen.operation)
    if (gap !== undefined && seen.at + gap > now) return { step, gaps: gaps + 1, firstPollAt: seen.at + gap }
  }
  if (startedAt === undefined) return { step: yield* begin(schedule, operationId), gaps: 0, firstPollAt: now }
  const { gaps, pollAt, step } = yield* catchUp(schedule, operationId, { startedAt, now })
  if (gaps > 1) return { step, gaps, firstPollAt: now }
  if (gaps === 1) return { step, gaps, firstPollAt: Math.max(now, pollAt) }
  return { step, gaps: 1, firstPollAt: now + ((yield* step(now, unseen(operationId))) ?? 0) }
})
