/**
 * When to look again: policies as plain `Schedule`s over the operation last seen.
 *
 * Any `Schedule` will do for a wait; these are the ones with a reason. The first look is not a schedule's matter: a
 * schedule says how long after one look the next one is, and by ending that there is none.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

/** A schedule that a wait can follow. Its input is the operation as the last look saw it. */
export type PollSchedule = Schedule.Schedule<unknown, BulkOperation.BulkOperation>

/**
 * Looks at about `requestCost · k²`: dense at first, and ever wider by `2 · √(requestCost · elapsed)`.
 *
 * The one knob has a meaning: a request is worth `requestCost` of waiting (default 250 milliseconds). An operation that
 * takes `T` is seen with about `√(T / requestCost)` requests, late by `√(requestCost · T)` on average and twice that at
 * worst. Requests and lateness together cost at most `√2` times what the best fixed interval would, had `T` been known
 * beforehand, for every `T` at once. Where each wait looks within its gaps is drawn once per wait, so that waits that
 * begin together do not ask together; the first look is never later than `requestCost` for it.
 *
 * @example
 * import { PollSchedule } from "@bulk-operations/poll"
 *
 * const fewerRequests = PollSchedule.quadratic({ requestCost: "2 seconds" })
 */
export const quadratic = (
  options?: { readonly requestCost?: Duration.Input | undefined }
): Schedule.Schedule<number> => {
  const cost = Math.max(1, Duration.toMillis(Duration.fromInputUnsafe(options?.requestCost ?? "250 millis")))
  return Schedule.fromStep(Effect.map(Random.next, (phase) => {
    let start: number | undefined
    let looks = 0
    return (now: number) => {
      start ??= now
      // From k² to (k + 1)². Reckoned from the time elapsed, not from a count, so that a late look does not make the
      // next ones dense.
      const elapsed = Math.max(0, now - start)
      const root = Math.sqrt(elapsed / cost) + (looks === 0 ? 1 - phase : 1)
      const gap = Math.max(1, Math.round(cost * root ** 2 - elapsed))
      return Effect.succeed([looks++, Duration.millis(gap)])
    }
  }))
}

/** Looks at a fixed interval after the last answer. */
export const spaced = (interval: Duration.Input): Schedule.Schedule<number> => Schedule.spaced(interval)

/** Looks after `start`, then after gaps that grow by `ratio`, up to `cap` where there is one. */
export const geometric = (options: {
  readonly start: Duration.Input
  readonly ratio: number
  readonly cap?: Duration.Input | undefined
}): Schedule.Schedule<Duration.Duration> => {
  const growing = Schedule.exponential(options.start, options.ratio)
  const { cap } = options
  if (cap === undefined) return growing
  const longest = Duration.fromInputUnsafe(cap)
  return Schedule.modifyDelay(growing, ({ duration }) => Effect.succeed(Duration.min(duration, longest)))
}

/**
 * The gaps of the official Go client: 1, 1, 2, 2, 4, 4, … 128, 128 seconds, and none after 510 seconds.
 *
 * That client has no look before the first gap: say `startedAt` to have none here.
 *
 * Source: `pollListBulkOperation` in cloudflare-go v0, on which Terraform's provider v4 stands.
 */
export const cloudflareGo: Schedule.Schedule<Duration.Duration> = Schedule.exponential("1 second").pipe(
  Schedule.upTo({ times: 16 }),
  Schedule.modifyDelay(({ attempt }) => Effect.succeed(Duration.seconds(2 ** Math.floor((attempt - 1) / 2))))
)

/** What a schedule costs for operations of about one duration. */
export interface Explanation {
  readonly duration: Duration.Duration
  /** Looks until the end is seen, the first one at once and the one that sees it included: the mean over phases. */
  readonly polls: number
  /** How long after the end it is seen on average: half the gap that the end falls into. */
  readonly meanLateness: Duration.Duration
  /** How long after the end it is seen at worst: the whole of that gap. */
  readonly worstLateness: Duration.Duration
}

const phases = 64

// After so many looks, the last gap is taken to stay: no schedule worth explaining still changes then.
const maxSteps = 5000

/**
 * What a schedule would cost for operations of these durations, reckoned on virtual time.
 *
 * An operation never takes a duration to the millisecond, so lateness is that of an end anywhere in the gap where the
 * duration falls. Random schedules are averaged over 64 draws from a fixed seed. A schedule that ends before a duration
 * never sees the end: its lateness is infinite.
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
  const ends = durations.map((duration) => Duration.fromInputUnsafe(duration))
  const last = Math.max(...ends.map(Duration.toMillis))
  return Effect.gen(function*() {
    const runs: Array<Run> = []
    for (let phase = 0; phase < phases; phase++) runs.push(yield* run(schedule, last))
    return ends.map((duration) => {
      const seen = runs.map((run) => lateness(run, Duration.toMillis(duration)))
      const mean = (of: (run: typeof seen[number]) => number) => seen.reduce((sum, run) => sum + of(run), 0) / phases
      return {
        duration,
        polls: mean(({ polls }) => polls),
        meanLateness: Duration.millis(mean(({ gap }) => gap / 2)),
        worstLateness: Duration.millis(Math.max(...seen.map(({ gap }) => gap)))
      }
    })
  }).pipe(Random.withSeed("PollSchedule.explain"))
}

const underWay = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("explain") })

// Every look from the start to the first one that is not before `end`, in milliseconds, and the last gap.
interface Run {
  readonly looks: ReadonlyArray<number>
  readonly gap: number
}

const run = Effect.fnUntraced(function*(schedule: PollSchedule, end: number): Effect.fn.Return<Run> {
  const step = yield* Schedule.toStep(schedule)
  const looks = [0]
  let now = 0
  let gap = 0
  while (now < end && looks.length <= maxSteps) {
    gap = yield* step(now, underWay).pipe(
      Effect.map(([, delay]) => Math.max(1, Duration.toMillis(delay))),
      Pull.catchDone(() => Effect.succeed(Number.POSITIVE_INFINITY))
    )
    now += gap
    if (now < Number.POSITIVE_INFINITY) looks.push(now)
  }
  return { looks, gap }
})

const lateness = ({ gap, looks }: Run, end: number) => {
  const seenBy = looks.findIndex((look) => look >= end)
  return seenBy !== -1
    ? { polls: seenBy + 1, gap: (looks[seenBy] ?? 0) - (looks[seenBy - 1] ?? 0) }
    : { polls: looks.length + (Number.isFinite(gap) ? Math.ceil((end - (looks.at(-1) ?? 0)) / gap) : 0), gap }
}
