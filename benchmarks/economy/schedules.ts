/**
 * Schedules: requests against lateness, for operations whose durations nobody knows beforehand.
 */
import { Effect } from "effect"
import { figure, type Limit, type Options, table } from "../harness/report.ts"
import { contenders, ours } from "./contenders.ts"
import { type Distribution, logNormal, logUniform, sample } from "./durations.ts"
import { betterThan, everything, fronts, type Measure } from "./front.ts"
import { type Score, score } from "./score.ts"
import * as Tuned from "./tuned.ts"

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

export const report = Effect.fnUntraced(function*(fields: ReadonlyArray<Field>, size: number, options: Options) {
  const tuned = options.quick ? [] : yield* gains(fields, size)
  const markdown = [
    `Lateness is how long after its end an operation is seen to have ended. ${
      size.toLocaleString("en")
    } operations stand ` +
    "for each distribution, every look is made on virtual time, and one at once is counted for every schedule. A " +
    "schedule is on the front where no other one needs fewer requests and is less late on average. Late can be " +
    "measured in seconds, where the longest operations weigh most, and in % of the duration, where the shortest do; on " +
    "the front in both is what none beats in all three figures. The intervals and request costs between those of the " +
    "table are looked at too. Where a schedule gives up, its means are of the operations that it saw end.",
    ...fields.flatMap((field) => [
      `#### ${field.distribution.name}`,
      scores(field),
      verdict(field)
    ]),
    "#### What a schedule could gain that is made for a distribution",
    `The best of ${
      Tuned.tried.toLocaleString("en")
    } geometric schedules for each, and for both: how far it is ahead of ` +
    "the default where it is ahead least, and what it costs, times the default.",
    table(
      [
        "made for",
        "start, ratio, cap",
        "ahead by %",
        ...fields.map(({ distribution }) => `${distribution.name}: requests · seconds · %`)
      ],
      tuned.map(({ row }) => row)
    )
  ].join("\n\n")
  const limits: ReadonlyArray<Limit> = [
    ...fields.map((field) => ({
      what: `schedules that beat the default in requests, in seconds and in %, ${field.distribution.name}`,
      measured: betterThan(oursIn(field), field.entries, everything).length,
      limit: 0
    })),
    ...tuned.map(({ lead, name }) => ({
      what: `% by which a geometric one made for it is ahead in all three, ${name}`,
      measured: 100 * lead,
      limit: 10
    }))
  ]
  return { markdown, limits }
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

// What is known can be exploited: how far ahead of ours is the best schedule that is made for some of the distributions?
const gains = (fields: ReadonlyArray<Field>, size: number) =>
  Effect.gen(function*() {
    const grounds = fields.map((field) => ({
      durations: sample(field.distribution, size),
      ours: oursIn(field).score
    }))
    const scores = yield* Tuned.scores(grounds)
    const cases = [
      ...fields.map((field, index) => ({ name: field.distribution.name, on: grounds.slice(index, index + 1) })),
      { name: "both at once", on: grounds }
    ]
    return cases.map(({ name, on }) => {
      const best = Tuned.best(scores, grounds, on)
      return {
        name,
        lead: Math.max(0, best.lead),
        row: [
          name,
          Tuned.name(best.tuned),
          figure(100 * best.lead),
          ...grounds.map(({ ours }, index) => {
            const there = best.scores[index]
            return there === undefined
              ? ""
              : [
                ratio(there.requests, ours.requests),
                ratio(there.mean, ours.mean),
                ratio(there.relative, ours.relative)
              ].join(" · ")
          })
        ]
      }
    })
  })

const ratio = (one: number, other: number) => figure(one / other)
