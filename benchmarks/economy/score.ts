/**
 * What a schedule costs for operations of given durations: every poll is made, on virtual time.
 */
import { BulkOperation } from "@bulk-operations/core"
import type { PollSchedule } from "@bulk-operations/poll"
import { Duration, Effect, Pull, Random, Schedule } from "effect"
import { mean, quantile } from "simple-statistics"

const underWay = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("under-way") })

/** The milliseconds at which it polls after the start, up to the first poll that is not before `end`. */
export const polls = Effect.fnUntraced(function*(schedule: PollSchedule.PollSchedule, startedAt: number, end: number) {
  const step = yield* Schedule.toStep(schedule)
  const times: Array<number> = []
  for (let now = startedAt; now < end;) {
    now += yield* step(now, underWay).pipe(
      Effect.map(([, delay]) => Math.max(1, Duration.toMillis(delay))),
      Pull.catchDone(() => Effect.succeed(Number.POSITIVE_INFINITY))
    )
    if (now < Number.POSITIVE_INFINITY) times.push(now)
  }
  return times
})

/** Means over all operations, but for the percentile and the worst. What gives up is late for ever. */
export interface Score {
  /** Polls until the end was seen or the schedule gave up, the one at once included. */
  readonly requests: number
  /** How many seconds after its end an operation was seen to have ended. */
  readonly seconds: number
  readonly p95: number
  readonly worst: number
  /** The same as a part of the duration of the operation. */
  readonly relative: number
}

// Schedules that draw their gaps are run so often.
const draws = 64

/** What a schedule costs. Durations are in seconds, the shortest first. */
export const score = Effect.fnUntraced(
  function*(schedule: PollSchedule.PollSchedule, durations: ReadonlyArray<number>) {
    const run = polls(schedule, 0, 1000 * (durations.at(-1) ?? 0))
    const runs = [yield* run, yield* run]
    // The same twice: nothing is drawn.
    if (String(runs[0]) === String(runs[1])) runs.pop()
    else while (runs.length < draws) runs.push(yield* run)
    const seen = runs.flatMap((times) => durations.map((duration) => detect([0, ...times], duration)))
    const [p95 = Number.NaN, worst = Number.NaN] = quantile(seen.map(({ late }) => late), [0.95, 1])
    const score: Score = {
      requests: mean(seen.map(({ requests }) => requests)),
      seconds: mean(seen.map(({ late }) => late)),
      p95,
      worst,
      relative: mean(seen.map(({ duration, late }) => late / duration))
    }
    return score
  },
  Random.withSeed("economy")
)

const detect = (times: ReadonlyArray<number>, duration: number) => {
  const at = times.findIndex((time) => time >= 1000 * duration)
  return at === -1
    ? { duration, requests: times.length, late: Number.POSITIVE_INFINITY }
    : { duration, requests: at + 1, late: (times[at] ?? 0) / 1000 - duration }
}
