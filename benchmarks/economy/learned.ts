/**
 * The schedule that learns: what operations cost one after the other, each waited for with what those before it have
 * shown.
 */
import { PollHistory, PollSchedule } from "@bulk-operations/poll"
import { DateTime, type Duration, Effect, Random } from "effect"
import { mean } from "simple-statistics"
import { type Benchmark, figure, type Limit, table } from "../harness/report.ts"
import { around, either, exponential, logNormal, logUniform, type Quantile } from "./durations.ts"
import { optimum } from "./optimum.ts"
import { polls } from "./score.ts"

// In seconds.
const requestCost = 0.25

// What one operation took with each schedule. Times are in seconds.
interface Costs {
  readonly seconds: number
  readonly learned: Cost
  readonly quadratic: Cost
}

interface Cost {
  readonly requests: number
  readonly late: number
}

const costOf = (times: ReadonlyArray<number>, end: number): Cost => ({
  requests: times.length,
  late: ((times.at(-1) ?? 0) - end) / 1000
})

// The one of that number lasts this long of which the part `q` of all is shorter.
type Durations = (q: number, index: number) => number

interface Options {
  readonly seeds: number
  readonly count: number
  readonly expected?: Duration.Input
}

// An operation starts at any moment of a second, and says when it completed in whole seconds, as Cloudflare does.
const inARow = Effect.fnUntraced(
  function*(durations: Durations, { count, expected }: Options, seed: number) {
    const histories = yield* PollHistory.PollHistory
    const key = { accountId: "account" }
    const all: Array<Costs> = []
    let now = 0
    for (let index = 0; index < count; index++) {
      const seconds = durations(yield* Random.next, index)
      const startedAt = Math.round(now + 1000 * (yield* Random.next))
      const end = startedAt + Math.max(1, Math.round(1000 * seconds))
      // Both draw the same phase.
      const wait = (schedule: PollSchedule.PollSchedule) =>
        Random.withSeed(polls(schedule, startedAt, end), `phase ${seed} ${index}`)
      const hazard = histories.hazard(key, { expected })
      const times = yield* Effect.provideService(wait(PollSchedule.learned()), PollHistory.CurrentHazard, hazard)
      const quadratic = costOf(yield* wait(PollSchedule.quadratic()), end)
      all.push({ seconds, learned: costOf(times, end), quadratic })
      const seenAt = times.at(-1) ?? end
      yield* histories.record(key, {
        startedAt: DateTime.makeUnsafe(startedAt),
        underWayAt: DateTime.makeUnsafe(times.at(-2) ?? startedAt),
        seenAt: DateTime.makeUnsafe(seenAt),
        completed: DateTime.makeUnsafe(1000 * Math.floor(end / 1000))
      })
      now = 1000 * Math.ceil(seenAt / 1000)
    }
    return all
  },
  (effect, _durations, _options, seed) =>
    effect.pipe(Random.withSeed(`durations ${seed}`), Effect.provide(PollHistory.layer))
)

const runs = (durations: Durations, options: Options) =>
  Effect.forEach(Array.from(Array(options.seeds).keys()), (seed) => inARow(durations, options, seed))

const cost = (costs: ReadonlyArray<Costs>, which: "learned" | "quadratic") => {
  const requests = mean(costs.map((one) => one[which].requests))
  const late = mean(costs.map((one) => one[which].late))
  const whole = requests * requestCost + late
  return { whole, text: `${figure(whole)} (${figure(requests)} requests, ${figure(late)} s)` }
}

const timesQuadratic = (costs: ReadonlyArray<Costs>) => cost(costs, "learned").whole / cost(costs, "quadratic").whole

const jump = (before: number, after: number, at: number) => ({
  name: `${before} s, then suddenly ${after} s`,
  durations: (q: number, index: number) => around(index < at ? before : after, 0.25)(q)
})

// Of so many operations the first six are cold, and those after the first thirty warm.
const [count, cold, coldBefore] = [130, 6, 30]

const constant: ReadonlyArray<readonly [name: string, quantile: Quantile]> = [
  ["log-normal 20 s, sigma 0.2", around(20, 0.2)],
  ["log-normal 8 s, sigma 0.5", around(8, 0.5)],
  ["log-normal 8 s, sigma 1.2", logNormal],
  ["log-uniform 1 s to 30 min", logUniform],
  ["70 % about 3 s, 30 % about 2 min", either(0.7, around(3, 0.25), around(120, 0.25))],
  ["exponential 10 s", exponential(10)]
]

const growing: Durations = (q, index) => around(5 * 12 ** (index / count), 0.25)(q)

const series = Effect.fnUntraced(function*(quick: boolean) {
  const all = [
    ...constant.map(([name, quantile]) => ({ name, durations: quantile, best: optimum(quantile, requestCost) })),
    { name: "growing from 5 to 60 s", durations: growing, best: undefined },
    { ...jump(5, 90, 80), best: undefined }
  ]
  const rows: Array<ReadonlyArray<string>> = []
  const warmLimits: Array<Limit> = []
  const coldLimits: Array<Limit> = []
  for (const { best, durations, name } of all) {
    const warm = (yield* runs(durations, { seeds: quick ? 6 : 40, count })).flatMap((costs) => costs.slice(coldBefore))
    const first = yield* runs(durations, { seeds: quick ? 200 : 2000, count: cold })
    const learned = cost(warm, "learned")
    rows.push([
      name,
      cost(warm, "quadratic").text,
      learned.text,
      figure(bestInterval(warm)),
      best === undefined ? "" : figure(best)
    ])
    coldLimits.push({
      what: `learned in the first six operations, times quadratic, ${name}`,
      measured: timesQuadratic(first.flat()),
      limit: 1
    })
    if (best !== undefined) {
      warmLimits.push({
        what: `learned from the 31st operation on, times the optimum, ${name}`,
        measured: learned.whole / best,
        limit: 1.3,
        aim: 1.15
      })
    }
  }
  const head = ["durations", "quadratic", "learned, from the 31st on", "best fixed interval in hindsight", "optimum"]
  return { markdown: table(head, rows), limits: [...warmLimits, ...coldLimits] }
})

const bestInterval = (costs: ReadonlyArray<Costs>) => {
  let best = Number.POSITIVE_INFINITY
  for (let interval = 0.2; interval < 300; interval *= 1.05) {
    const cost = mean(costs.map(({ seconds }) => {
      const polls = Math.ceil(seconds / interval)
      return polls * requestCost + polls * interval - seconds
    }))
    best = Math.min(best, cost)
  }
  return best
}

// Times quadratic, for so many operations from the one of that number on.
const timesQuadraticFor = (counts: ReadonlyArray<number>, from: number, all: ReadonlyArray<ReadonlyArray<Costs>>) =>
  counts.map((count) => timesQuadratic(all.flatMap((costs) => costs.slice(from, from + count))))

const jumps = Effect.fnUntraced(function*(quick: boolean) {
  const rows: Array<ReadonlyArray<string>> = []
  const limits: Array<Limit> = []
  for (const { durations, name } of [jump(5, 90, 50), jump(90, 5, 50), jump(3600, 60, 50)]) {
    const all = yield* runs(durations, { seeds: quick ? 40 : 200, count: 70 })
    const [first = Number.NaN, three = Number.NaN, twenty = Number.NaN] = timesQuadraticFor([1, 3, 20], 50, all)
    rows.push([name, ...[first, three, twenty].map(figure)])
    const what = `learned in the twenty operations after the change, times quadratic, ${name}`
    limits.push({ what, measured: twenty, limit: 1.15 })
  }
  return { markdown: table(["", "the first one", "the first three", "the first twenty"], rows), limits }
})

const guesses = Effect.fnUntraced(function*(quick: boolean) {
  const rows: Array<ReadonlyArray<string>> = []
  for (const seconds of [30, 15, 60, 10, 90, 3, 300]) {
    const options: Options = { seeds: quick ? 40 : 400, count: cold, expected: `${seconds} seconds` }
    const all = yield* runs(around(30, 0.25), options)
    rows.push([`${seconds} s`, ...timesQuadraticFor([1, cold], 0, all).map(figure)])
  }
  return table(["expected", "the first one", "the first six"], rows)
})

const report = Effect.fnUntraced(function*(quick: boolean) {
  const [all, changed] = [yield* series(quick), yield* jumps(quick)]
  return {
    markdown: [
      all.markdown,
      "After a sudden change, times the cost of `quadratic` for the same operations:",
      changed.markdown,
      "With `expected` for operations that take about 30 s, times the cost of `quadratic`:",
      yield* guesses(quick)
    ].join("\n\n"),
    // No limit is about the sudden change from an hour.
    limits: [...all.limits, ...changed.limits.slice(0, 2)]
  }
})

export const run: Benchmark = ({ quick }) => Effect.runPromise(report(quick))
