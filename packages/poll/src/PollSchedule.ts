/**
 * When to poll again: plain `Schedule`s whose input is the last known state of the operation.
 *
 * A wait accepts any `Schedule`; these are ready to use. A schedule controls the delay between polls, not the first
 * poll. If it ends, the wait fails with `PollTimeout`.
 */
import type * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as DryRun from "./internal/dryRun.ts"
import * as Durations from "./internal/duration.ts"
import { Learning } from "./internal/learned.ts"
import * as Stepper from "./internal/stepper.ts"

/** A schedule for a wait. Its input is the operation in the last answer. */
export type PollSchedule = Schedule.Schedule<unknown, BulkOperation.BulkOperation>

/**
 * Polls at about `requestCost · k²` after the start: often at first, then with gaps of about
 * `2 · √(requestCost · elapsed)`.
 *
 * `requestCost` is how much lateness one request is worth (default 250 milliseconds). The end of an operation that
 * takes `T` is detected with about `√(T / requestCost)` requests, late by `√(requestCost · T)` on average and twice
 * that at worst. For every `T`, requests and lateness together cost at most `√2` times as much as the best fixed
 * interval for a `T` known in advance. A random phase is drawn once for each operation, so that operations that begin
 * together are not polled together. It never makes the first gap longer than `requestCost`.
 *
 * @example
 * import { PollSchedule } from "@bulk-operations/poll"
 *
 * const fewerRequests = PollSchedule.quadratic({ requestCost: "2 seconds" })
 */
export const quadratic = (
  options?: { readonly requestCost?: Duration.Input | undefined }
): Schedule.Schedule<number> => {
  const cost = Durations.requestCost(options?.requestCost)
  return Schedule.fromStep(Effect.map(Random.next, (phase) => {
    let start: number | undefined
    let gaps = 0
    return (now: number) => {
      start ??= now
      // From k² to (k + 1)². Computed from the time elapsed, not from a count, so that a late poll does not make the
      // next gaps short.
      const elapsed = Math.max(0, now - start)
      const root = Math.sqrt(elapsed / cost) + (gaps === 0 ? 1 - phase : 1)
      const gap = Math.max(1, Math.round(cost * root ** 2 - elapsed))
      return Effect.succeed([gaps++, Duration.millis(gap)])
    }
  }))
}

export { learned, Learning } from "./internal/learned.ts"

/** Polls at a fixed interval after the last answer. */
export const spaced = (interval: Duration.Input): Schedule.Schedule<number> =>
  Schedule.spaced(Durations.positive("interval", interval))

/**
 * Polls after `start`, then after gaps that grow by `ratio`, which is 1 or more, up to `cap` if given.
 *
 * @example
 * import { PollSchedule } from "@bulk-operations/poll"
 * import { Effect } from "effect"
 *
 * // After 1, 3, 7, 15, 25, 35 … seconds.
 * const schedule = PollSchedule.geometric({ start: "1 second", ratio: 2, cap: "10 seconds" })
 * const [row] = await Effect.runPromise(PollSchedule.explain(schedule, ["20 seconds"]))
 * row?.polls // => 6
 */
export const geometric = (options: {
  readonly start: Duration.Input
  readonly ratio: number
  readonly cap?: Duration.Input | undefined
}): Schedule.Schedule<Duration.Duration> => {
  const start = Durations.positive("start", options.start)
  const growing = Schedule.exponential(start, Durations.atLeast("ratio", 1, options.ratio))
  if (options.cap === undefined) return growing
  const longest = Duration.millis(Durations.positive("cap", options.cap))
  return Schedule.modifyDelay(growing, ({ duration }) => Effect.succeed(Duration.min(duration, longest)))
}

/**
 * The gaps of the official Go client: 1, 1, 2, 2, 4, 4, … 128, 128 seconds. It ends after 510 seconds.
 *
 * That client does not poll before the first gap: set `startedAt` to get the same here.
 *
 * Source: `pollListBulkOperation` in cloudflare-go v0, which Terraform's provider v4 uses.
 */
export const cloudflareGo: Schedule.Schedule<Duration.Duration> = Schedule.exponential("1 second").pipe(
  Schedule.upTo({ times: 16 }),
  Schedule.modifyDelay(({ attempt }) => Effect.succeed(Duration.seconds(2 ** Math.floor((attempt - 1) / 2))))
)

/** The cost of a schedule for operations of about one duration. */
export interface Explanation {
  readonly duration: Duration.Duration
  /** Mean number of polls until the end is detected, including a first one at once and the one that detects the end. */
  readonly polls: number
  /** Mean detection lateness: half the gap that the end falls into. */
  readonly meanLateness: Duration.Duration
  /** Worst detection lateness: the whole gap. */
  readonly worstLateness: Duration.Duration
  /** How many operations the schedule has learned from; zero unless it is `learned`. */
  readonly operations: number
}

const phases = 64

/**
 * Computes what a schedule costs for operations of these durations, on virtual time.
 *
 * Durations are approximate, so lateness is computed for an end anywhere in the gap that contains the duration. Random
 * schedules are averaged over 64 runs from a fixed seed. A schedule that ends before a duration never detects the end:
 * its lateness is infinite. Throws a `RangeError` for an infinite or negative duration.
 *
 * @example
 * import { PollSchedule } from "@bulk-operations/poll"
 * import { Duration, Effect } from "effect"
 *
 * const [row] = await Effect.runPromise(PollSchedule.explain(PollSchedule.spaced("2 seconds"), ["9 seconds"]))
 * row?.polls // => 6
 * row?.worstLateness // => Duration.seconds(2)
 */
export const explain = (
  schedule: PollSchedule,
  durations: ReadonlyArray<Duration.Input>
): Effect.Effect<ReadonlyArray<Explanation>> => {
  const ends = durations.map((duration) => Duration.millis(Durations.finite("duration", duration)))
  const last = Math.max(...ends.map(Duration.toMillis))
  return Effect.gen(function*() {
    const runs: Array<DryRun.Run> = []
    for (let phase = 0; phase < phases; phase++) runs.push(yield* DryRun.run(schedule, last))
    const output = runs[0]?.output
    const operations = output instanceof Learning ? output.operations : 0
    return ends.map((duration) => {
      const seen = runs.map((run) => DryRun.detection(run, Duration.toMillis(duration)))
      const mean = (of: (run: typeof seen[number]) => number) => seen.reduce((sum, run) => sum + of(run), 0) / phases
      return {
        duration,
        polls: mean(({ polls }) => polls),
        meanLateness: Duration.millis(mean(({ gap }) => gap / 2)),
        worstLateness: Duration.millis(Math.max(...seen.map(({ gap }) => gap))),
        operations
      }
    })
  }).pipe(Random.withSeed("PollSchedule.explain"))
}

/**
 * The gap after a poll that has just been answered, without a live wait: for a durable workflow or a test that keeps no
 * schedule between two polls. None if the schedule has ended.
 *
 * A schedule has state, so it is started again and stepped through the gaps so far, at most 10,000 of them. For every
 * schedule of this module the result equals the gap of a live wait; a schedule that draws random numbers at each step
 * draws others here. `learned` reads `PollHistory.CurrentHazard` from the context of this effect.
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 * import { PollSchedule } from "@bulk-operations/poll"
 * import { DateTime, Duration, Effect, Option } from "effect"
 *
 * const operation = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("op-1") })
 * const startedAt = DateTime.makeUnsafe(0)
 * const now = DateTime.makeUnsafe("1970-01-01T00:00:04Z")
 * await Effect.runPromise(
 *   PollSchedule.gapAt(PollSchedule.cloudflareGo, { startedAt, now, polls: 3, operation })
 * ) // => Option.some(Duration.seconds(2))
 */
export const gapAt = (schedule: PollSchedule, options: {
  /** When the operation was started, or, if unknown, when it was polled for the first time. */
  readonly startedAt: DateTime.DateTime
  /** When the poll was answered. */
  readonly now: DateTime.DateTime
  /** How many gaps came before this one: earlier polls, counting one at `startedAt` even if it was not sent. */
  readonly polls: number
  /** The operation in the answer. */
  readonly operation: BulkOperation.BulkOperation
}): Effect.Effect<Option.Option<Duration.Duration>> => {
  const { operation, polls } = options
  const now = DateTime.toEpochMillis(options.now)
  const startedAt = DateTime.toEpochMillis(options.startedAt)
  return Stepper.catchUp(schedule, operation.id, { startedAt, now, gaps: polls }).pipe(
    Effect.flatMap(({ step }) => step(now, operation)),
    Effect.map((gap) => Option.map(Option.fromUndefinedOr(gap), Duration.millis))
  )
}

/**
 * When a wait that begins now would poll for the first time, and how many gaps came before. That number is the `polls`
 * of the first `gapAt`; add one for each later gap.
 *
 * The first poll is sent at once, or after the first gap if the operation was started more recently than that.
 *
 * @example
 * import { PollSchedule } from "@bulk-operations/poll"
 * import { DateTime, Effect } from "effect"
 *
 * const startedAt = DateTime.makeUnsafe(0)
 * const now = DateTime.makeUnsafe(4000)
 * const { polls } = await Effect.runPromise(
 *   PollSchedule.firstPoll(PollSchedule.spaced("1 second"), { operationId: "op-1", startedAt, now })
 * )
 * polls // => 4
 */
export const firstPoll = (schedule: PollSchedule, options: {
  readonly operationId: string
  /** When the operation was started, if known. */
  readonly startedAt?: DateTime.DateTime | undefined
  /** When the wait begins. */
  readonly now: DateTime.DateTime
}): Effect.Effect<{ readonly at: DateTime.Utc; readonly polls: number }> => {
  const { now, operationId, startedAt } = options
  return Effect.map(
    Stepper.join(schedule, operationId, {
      startedAt: startedAt && DateTime.toEpochMillis(startedAt),
      now: DateTime.toEpochMillis(now),
      seen: undefined
    }),
    ({ firstPollAt, gaps }) => ({ at: DateTime.makeUnsafe(firstPollAt), polls: gaps })
  )
}
