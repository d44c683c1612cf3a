/**
 * Schedules: requests against lateness, for operations whose durations nobody knows beforehand.
 */
import { Effect } from "effect"
import { figure, type Report, table } from "../harness/report.ts"
import { contenders, ours } from "./contenders.ts"
import { type Distribution, logNormal, logUniform, sample } from "./durations.ts"
import { betterThan, everything, fronts, type Measure } from "./front.ts"
import { type Score, score } from "./score.ts"

const distributions = [logUniform, logNormal]

/** A contender and what it costs under one distribution. */
export interface Entry {
  readonly name: string
  readonly label?: string
  readonly family?: "quadratic" | "fixed"
  readonly score: Score
}

/** All contenders under one distribution. */
export interface Field {
  readonly distribution: Distribution
  readonly entries: ReadonlyArray<Entry>
}

/** Everything is run here; what is said of it is made of this. */
export const fields = Effect.fnUntraced(function*(size: number) {
  return yield* Effect.forEach(distributions, (distribution) =>
    Effect.map(
      Effect.forEach(contenders, ({ schedule, ...contender }) =>
        Effect.map(score(schedule, sample(distribution, size)), (score): Entry => ({ ...contender, score }))),
      (entries): Field => ({ distribution, entries })
    ))
})

export const report = (fields: ReadonlyArray<Field>, size: number): Report => ({
  markdown: [
    `Lateness is how long after its end an operation is seen to have ended. ${
      size.toLocaleString("en")
    } operations stand ` +
    "for each distribution, every poll is made on virtual time, and one at once is counted for every schedule. A " +
    "schedule is on the front where no other one needs fewer requests and is less late on average. Late can be " +
    "measured in seconds, where the longest operations weigh most, and in % of the duration, where the shortest do; on " +
    "the front in both is what none beats in all three figures. The intervals and request costs between those of the " +
    "table are compared too. Where a schedule gives up, its means are of the operations that it saw end.",
    ...fields.flatMap((field) => [
      `#### ${field.distribution.name}`,
      scores(field),
      verdict(field)
    ])
  ].join("\n\n"),
  limits: fields.map((field) => ({
    what: `schedules that beat the default in requests, in seconds and in %, ${field.distribution.name}`,
    measured: betterThan(oursIn(field), field.entries, everything).length,
    limit: 0
  }))
})

const oursIn = ({ entries }: Field): Entry => {
  const entry = entries.find(({ name }) => name === ours.name)
  if (entry === undefined) throw new Error("the default is not among the contenders")
  return entry
}

const scores = (field: Field) =>
  table(
    [
      "",
      "requests",
      "mean s",
      "p95 s",
      "worst s",
      "mean %",
      "gives up on %",
      ...fronts.map(([name]) => `front ${name}`)
    ],
    field.entries.filter(({ label }) => label !== undefined).map((entry) => {
      const { givenUp, mean, p95, relative, requests, worst } = entry.score
      return [
        entry.name === ours.name ? `**${entry.name}**` : entry.name,
        ...[requests, mean, p95, worst, 100 * relative].map(figure),
        givenUp === 0 ? "" : figure(100 * givenUp),
        ...fronts.map(([, measures]) => standing(entry, field, measures))
      ]
    })
  )

// Whether it is on a front, and if not who is ahead of it.
const standing = (entry: Entry, { entries }: Field, measures: ReadonlyArray<Measure>): string => {
  const [first] = betterThan(entry, entries, measures)
  return first === undefined ? "yes" : entry.score.givenUp > 0 ? "no, gives up" : `no: ${first.name}`
}

// Where the default is not the best there is.
const verdict = (field: Field) => {
  const mine = oursIn(field)
  const said = fronts.map(([name, measures]) => {
    const [first, ...others] = betterThan(mine, field.entries, measures)
    if (first === undefined) return `The default is on the front ${name}.`
    const { mean, relative, requests } = first.score
    const { score } = mine
    return `The default is **not** on the front ${name}: "${first.name}" needs ${
      figure(requests)
    } requests and is late ` +
      `by ${figure(mean)} s and ${figure(100 * relative)} %, the default ${figure(score.requests)}, ` +
      `${figure(score.mean)} s and ${figure(100 * score.relative)} %${
        others.length === 0 ? "" : `; so with ${others.length} more`
      }.`
  })
  return said.join(" ")
}
