/**
 * The schedule that learns, beside those that do not: what operations cost one after the other, requests and lateness
 * taken together.
 */
import { type Duration, Effect } from "effect"
import { figure, type Limit, type Options, table } from "../harness/report.ts"
import { contenders } from "./contenders.ts"
import { around, type Distribution, either, exponential, logNormal, logUniform } from "./durations.ts"
import { type Cost, type Costs, inARow, type Series } from "./learning.ts"
import { optimum } from "./optimum.ts"
import { score } from "./score.ts"

const requestCost = 0.25

// Operations of which the first ones are cold, and those from the 31st on warm.
const cold = 6
const coldBefore = 30
const count = 130

interface Case extends Series {
  /** What a wait could cost at best; unknown where the distribution changes. */
  readonly optimum?: number
}

const stationary = (name: string, distribution: Distribution): Case => ({
  name,
  duration: distribution.quantile,
  optimum: optimum(distribution, requestCost)
})

const jump = (before: number, after: number, at: number): Series => {
  const [first, second] = [around(before, 0.25), around(after, 0.25)]
  return {
    name: `${before} s, then suddenly ${after} s`,
    duration: (q, index) => (index < at ? first : second).quantile(q)
  }
}

const cases = (): ReadonlyArray<Case> => [
  stationary("log-normal 20 s, sigma 0.2", around(20, 0.2)),
  stationary("log-normal 8 s, sigma 0.5", around(8, 0.5)),
  stationary("log-normal 8 s, sigma 1.2", logNormal),
  stationary("log-uniform 1 s to 30 min", logUniform),
  stationary("70 % about 3 s, 30 % about 2 min", either(0.7, around(3, 0.25), around(120, 0.25))),
  stationary("exponential 10 s", exponential(10)),
  {
    name: "growing from 5 to 60 s",
    duration: (q, index) => around(5 * 12 ** (index / count), 0.25).quantile(q)
  },
  jump(5, 90, 80)
]

/** What one series came to. */
interface Ran extends Case {
  readonly cold: ReadonlyArray<Costs>
  readonly warm: ReadonlyArray<Costs>
}

type Which = "learned" | "unlearned"

const costOf = ({ late, requests }: Cost) => requests * requestCost + late

const mean = (costs: ReadonlyArray<Costs>, of: (costs: Costs) => number) =>
  costs.reduce((sum, one) => sum + of(one), 0) / costs.length

const meanCost = (costs: ReadonlyArray<Costs>, which: Which) => mean(costs, (one) => costOf(one[which]))

// What learning costs, times what it would without.
const change = (costs: ReadonlyArray<Costs>) => meanCost(costs, "learned") / meanCost(costs, "unlearned")

const runs = Effect.fnUntraced(function*(
  series: Series,
  options: { readonly seeds: number; readonly count: number; readonly expected?: Duration.Input }
) {
  const all: Array<ReadonlyArray<Costs>> = []
  for (let seed = 0; seed < options.seeds; seed++) all.push(yield* inARow(series, { ...options, seed }))
  return all
})

/** Everything that is said of learning, and its limits. */
export const report = Effect.fnUntraced(function*({ quick }: Options) {
  const ran: Array<Ran> = []
  for (const series of cases()) {
    const warm = yield* runs(series, { seeds: quick ? 6 : 40, count })
    const beginnings = yield* runs(series, { seeds: quick ? 200 : 2000, count: cold })
    ran.push({ ...series, cold: beginnings.flat(), warm: warm.flatMap((costs) => costs.slice(coldBefore)) })
  }
  const jumps = yield* Effect.forEach(
    [[5, 90], [90, 5], [3600, 60]] as const,
    ([before, after]) =>
      Effect.map(runs(jump(before, after, 50), { seeds: quick ? 40 : 200, count: 70 }), (all) => ({
        name: `${before} s, then suddenly ${after} s`,
        first: change(all.flatMap((costs) => costs.slice(50, 51))),
        three: change(all.flatMap((costs) => costs.slice(50, 53))),
        twenty: change(all.flatMap((costs) => costs.slice(50)))
      }))
  )
  const guesses = yield* Effect.forEach([30, 15, 60, 10, 90, 3, 300], (seconds) =>
    Effect.map(
      runs({ name: "", duration: around(30, 0.25).quantile }, {
        seeds: quick ? 40 : 400,
        count: cold,
        expected: `${seconds} seconds`
      }),
      (all) => ({ seconds, first: change(all.flatMap((costs) => costs.slice(0, 1))), six: change(all.flat()) })
    ))
  return {
    markdown: [
      introduction,
      overview(ran),
      "Beside all others, cost per operation in seconds. A schedule that gives up on some has no figure.",
      yield* beside(ran, quick ? 100 : 1000),
      "After a sudden change, times the cost of `quadratic` for the same operations:",
      table(
        ["", "the first one", "the first three", "the first twenty"],
        jumps.map(({ first, name, three, twenty }) => [name, ...[first, three, twenty].map(figure)])
      ),
      "With `expected` for operations that take about 30 s, times the cost of `quadratic`:",
      table(
        ["expected", "the first one", "the first six"],
        guesses.map(({ first, seconds, six }) => [`${seconds} s`, figure(first), figure(six)])
      )
    ].join("\n\n"),
    limits: [
      ...ran.flatMap(({ name, optimum, warm }): ReadonlyArray<Limit> =>
        optimum === undefined ? [] : [{
          what: `learned from the 31st operation on, times the optimum, ${name}`,
          measured: meanCost(warm, "learned") / optimum,
          limit: 1.3,
          aim: 1.15
        }]
      ),
      ...ran.map(({ cold, name }): Limit => ({
        what: `learned in the first six operations, times quadratic, ${name}`,
        measured: change(cold),
        limit: 1
      })),
      ...jumps.slice(0, 2).map(({ name, twenty }): Limit => ({
        what: `learned in the twenty operations after the change, times quadratic, ${name}`,
        measured: twenty,
        limit: 1.15
      }))
    ]
  }
})

const introduction =
  "Operations one after the other, each waited for with what those before it have shown, beginning with none. Each is " +
  "started at any moment of a second and says in whole seconds when it completed, as Cloudflare does; the wait knows when " +
  "it was started, and does not poll at once. Cost is requests, each worth 0.25 seconds, and seconds late. The optimum " +
  "knows the distribution: it is found by dynamic programming over the times at which one can poll. The best fixed " +
  "interval is that which would have been the best for just these operations."

const overview = (ran: ReadonlyArray<Ran>) =>
  table(
    [
      "durations",
      "quadratic",
      "learned, first six × quadratic",
      "learned, from the 31st on",
      "best fixed interval in hindsight",
      "optimum",
      "learned × optimum"
    ],
    ran.map(({ cold, name, optimum, warm }) => [
      name,
      said(warm, "unlearned"),
      figure(change(cold)),
      said(warm, "learned"),
      figure(bestInterval(warm)),
      optimum === undefined ? "" : figure(optimum),
      optimum === undefined ? "" : figure(meanCost(warm, "learned") / optimum)
    ])
  )

const said = (costs: ReadonlyArray<Costs>, which: Which) =>
  `${figure(meanCost(costs, which))} (${figure(mean(costs, (one) => one[which].requests))} requests, ${
    figure(mean(costs, (one) => one[which].late))
  } s)`

const bestInterval = (costs: ReadonlyArray<Costs>) => {
  let best = Number.POSITIVE_INFINITY
  for (let interval = 0.2; interval < 300; interval *= 1.05) {
    const cost = mean(costs, ({ seconds }) => {
      const polls = Math.ceil(seconds / interval)
      return polls * requestCost + polls * interval - seconds
    })
    best = Math.min(best, cost)
  }
  return best
}

// All of the schedules for the same operations.
const beside = Effect.fnUntraced(function*(ran: ReadonlyArray<Ran>, size: number) {
  const samples = ran.map(({ warm }) => {
    const sorted = warm.map(({ seconds }) => seconds).toSorted((left, right) => left - right)
    return sorted.filter((_, index) => index % Math.max(1, Math.floor(sorted.length / size)) === 0)
  })
  const others = yield* Effect.forEach(
    contenders.filter(({ label }) => label !== undefined),
    ({ name, schedule }) =>
      Effect.map(
        Effect.forEach(samples, (sample) => score(schedule, sample)),
        (scores) => [
          name,
          // A poll at once is counted there.
          ...scores.map(({ givenUp, mean, requests }) => givenUp > 0 ? "" : figure((requests - 1) * requestCost + mean))
        ]
      )
  )
  return table(
    ["", ...ran.map(({ name }) => name)],
    [
      ["**learned, from the 31st on**", ...ran.map(({ warm }) => figure(meanCost(warm, "learned")))],
      ["learned, first six", ...ran.map(({ cold }) => figure(meanCost(cold, "learned")))],
      ...others
    ]
  )
})
