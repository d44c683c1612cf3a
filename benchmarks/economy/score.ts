/**
 * What a schedule costs for operations of given durations: every poll is made, on virtual time.
 */
import { BulkOperation } from "@bulk-operations/core"
import type { PollSchedule } from "@bulk-operations/poll"
import { Duration, Effect, Pull, Random, Schedule } from "effect"

export interface Score {
  /** Polls until the end was seen or the schedule gave up, the one at once included: the mean. */
  readonly requests: number
  /** How many seconds after its end an operation was seen to have ended, of those that were. */
  readonly mean: number
  readonly p95: number
  readonly worst: number
  /** The same as a part of the duration of the operation: the mean. */
  readonly relative: number
  /** The part of the operations that a schedule gave up on before they ended. */
  readonly givenUp: number
}

const underWay = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("under-way") })

// Schedules that draw their gaps are run so often.
const draws = 64

/** What a schedule costs. Durations are in seconds, the shortest first. */
export const score = Effect.fnUntraced(
  function*(schedule: PollSchedule.PollSchedule, durations: ReadonlyArray<number>) {
    const last = 1000 * (durations.at(-1) ?? 0)
    const runs = [yield* polls(schedule, last), yield* polls(schedule, last)]
    // The same twice: nothing is drawn.
    if (String(runs[0]) === String(runs[1])) runs.pop()
    else while (runs.length < draws) runs.push(yield* polls(schedule, last))
    return summary(runs, durations)
  },
  Random.withSeed("economy")
)

// The milliseconds at which it polls, up to the first poll that is not before `last`.
const polls = Effect.fnUntraced(function*(schedule: PollSchedule.PollSchedule, last: number) {
  const step = yield* Schedule.toStep(schedule)
  const times = [0]
  for (let now = 0; now < last;) {
    now += yield* step(now, underWay).pipe(
      Effect.map(([, delay]) => Math.max(1, Duration.toMillis(delay))),
      Pull.catchDone(() => Effect.succeed(Number.POSITIVE_INFINITY))
    )
    if (now < Number.POSITIVE_INFINITY) times.push(now)
  }
  return times
})

const summary = (runs: ReadonlyArray<ReadonlyArray<number>>, durations: ReadonlyArray<number>): Score => {
  const late = new Float64Array(runs.length * durations.length)
  let at = 0
  let requests = 0
  let seen = 0
  let seconds = 0
  let relative = 0
  for (const times of runs) {
    let poll = 0
    for (const duration of durations) {
      while (poll < times.length && (times[poll] ?? 0) < 1000 * duration) poll++
      const lateness = (times[poll] ?? Number.POSITIVE_INFINITY) / 1000 - duration
      late[at++] = lateness
      requests += Math.min(poll + 1, times.length)
      if (lateness === Number.POSITIVE_INFINITY) continue
      seen++
      seconds += lateness
      relative += lateness / duration
    }
  }
  late.sort()
  return {
    requests: requests / late.length,
    mean: seconds / seen,
    p95: late[Math.floor(0.95 * late.length)] ?? Number.NaN,
    worst: late.at(-1) ?? Number.NaN,
    relative: relative / seen,
    givenUp: 1 - seen / late.length
  }
}
