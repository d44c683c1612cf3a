/**
 * Schedules: requests against lateness, for operations whose durations nobody knows beforehand.
 */
import { Effect } from "effect"
import { type Benchmark, figure, table } from "../harness/report.ts"
import { contenders, named, ours } from "./contenders.ts"
import { logNormal, logUniform, type Quantile, sample } from "./durations.ts"
import { type Score, score } from "./score.ts"

const distributions = [
  { name: "log-uniform, 1 s to 30 min", quantile: logUniform },
  { name: "log-normal, median 8 s, sigma 1.2", quantile: logNormal }
]

// What is to be small.
type Measure = (score: Score) => number

const requests: Measure = ({ requests }) => requests
const seconds: Measure = ({ seconds }) => seconds
const relative: Measure = ({ relative }) => relative

const fronts: ReadonlyArray<readonly [name: string, measures: ReadonlyArray<Measure>]> = [
  ["front in seconds", [requests, seconds]],
  ["front in %", [requests, relative]],
  ["front in both", [requests, seconds, relative]]
]

interface Scored {
  readonly name: string
  readonly score: Score
}

// Those that are better in all measures: the sample tells no tie from one.
const betterThan = (one: Scored, all: ReadonlyArray<Scored>, measures: ReadonlyArray<Measure>) =>
  all.filter((other) => measures.every((of) => of(other.score) < of(one.score)))

// Whether it is on a front, and if not who beats it.
const standing = (one: Scored, all: ReadonlyArray<Scored>, measures: ReadonlyArray<Measure>) => {
  const [better] = betterThan(one, all, measures)
  if (one.score.worst === Number.POSITIVE_INFINITY) return "no, gives up"
  return better === undefined ? "yes" : `no: ${better.name.replaceAll("*", "")}`
}

const scores = (all: ReadonlyArray<Scored>) =>
  table(
    ["", "requests", "mean s", "p95 s", "worst s", "mean %", ...fronts.map(([name]) => name)],
    all.slice(0, named.length).map((one) => {
      const { p95, relative, requests, seconds, worst } = one.score
      return [
        one.name,
        ...[requests, seconds, p95, worst, 100 * relative].map(figure),
        ...fronts.map(([, measures]) => standing(one, all, measures))
      ]
    })
  )

const compare = Effect.fnUntraced(function*(name: string, quantile: Quantile, size: number) {
  const durations = sample(quantile, size)
  const all = yield* Effect.forEach(
    contenders,
    ({ name, schedule }) => Effect.map(score(schedule, durations), (score): Scored => ({ name, score }))
  )
  const better = all.filter(({ name }) => name === ours.name).flatMap((one) =>
    betterThan(one, all, [requests, seconds, relative])
  )
  return {
    markdown: `#### ${name}\n\n${scores(all)}`,
    limit: {
      what: `schedules that beat the default in requests, in seconds and in %, ${name}`,
      measured: better.length,
      limit: 0
    }
  }
})

export const run: Benchmark = async ({ quick }) => {
  const compared = await Effect.runPromise(
    Effect.forEach(distributions, ({ name, quantile }) => compare(name, quantile, quick ? 300 : 4000))
  )
  return {
    markdown: compared.map(({ markdown }) => markdown).join("\n\n"),
    limits: compared.map(({ limit }) => limit)
  }
}
