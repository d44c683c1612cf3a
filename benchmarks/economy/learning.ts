/**
 * Operations one after the other, each waited for with what those before it have shown.
 */
import { BulkOperation } from "@bulk-operations/core"
import { PollHistory, PollSchedule } from "@bulk-operations/poll"
import { DateTime, Duration, Effect, Pull, Random, Schedule } from "effect"

/** Operations, by their number: how long the one lasts of which the part `q` of all is shorter. */
export interface Series {
  readonly name: string
  readonly duration: (q: number, index: number) => number
}

/** What a wait took. */
export interface Cost {
  readonly requests: number
  /** Seconds after its end at which the end was seen. */
  readonly late: number
}

/** What one operation took with each schedule. */
export interface Costs {
  readonly seconds: number
  readonly learned: Cost
  readonly unlearned: Cost
}

const underWay = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("under-way") })

/**
 * Waits for so many operations with `learned`, and with `quadratic` for comparison.
 *
 * Both draw the same phase. An operation starts at any moment of a second, and says when it completed in whole seconds,
 * as Cloudflare does.
 */
export const inARow = Effect.fnUntraced(
  function*(
    series: Series,
    { count, expected, seed }: { readonly count: number; readonly seed: number; readonly expected?: Duration.Input }
  ) {
    const histories = yield* PollHistory.PollHistory
    const key = { accountId: "account" }
    const all: Array<Costs> = []
    let now = 0
    for (let index = 0; index < count; index++) {
      const seconds = series.duration(yield* Random.next, index)
      const startedAt = Math.round(now + 1000 * (yield* Random.next))
      const end = startedAt + Math.max(1, Math.round(1000 * seconds))
      const wait = (schedule: PollSchedule.PollSchedule) =>
        Random.withSeed(polls(schedule, startedAt, end), `phase ${seed} ${index}`)
      const learned = yield* Effect.provideService(
        wait(PollSchedule.learned()),
        PollHistory.CurrentHazard,
        histories.hazard(key, { expected })
      )
      all.push({
        seconds,
        learned: costOf(learned, end),
        unlearned: costOf(yield* wait(PollSchedule.quadratic()), end)
      })
      yield* histories.record(key, {
        startedAt: DateTime.makeUnsafe(startedAt),
        underWayAt: DateTime.makeUnsafe(learned.at(-2) ?? startedAt),
        seenAt: DateTime.makeUnsafe(learned.at(-1) ?? end),
        completed: DateTime.makeUnsafe(1000 * Math.floor(end / 1000))
      })
      now = 1000 * Math.ceil((learned.at(-1) ?? end) / 1000)
    }
    return all
  },
  (effect, _, { seed }) => effect.pipe(Random.withSeed(`durations ${seed}`), Effect.provide(PollHistory.layer))
)

const costOf = (times: ReadonlyArray<number>, end: number): Cost => ({
  requests: times.length,
  late: ((times.at(-1) ?? 0) - end) / 1000
})

// When it polls, up to the poll that sees the end.
const polls = Effect.fnUntraced(function*(schedule: PollSchedule.PollSchedule, startedAt: number, end: number) {
  const step = yield* Schedule.toStep(schedule)
  const times: Array<number> = []
  for (let now = startedAt; now < end;) {
    now += yield* step(now, underWay).pipe(
      Effect.map(([, delay]) => Duration.toMillis(delay)),
      Pull.catchDone(() => Effect.die("the schedule ended before the operation"))
    )
    times.push(now)
  }
  return times
})
