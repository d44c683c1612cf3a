/**
 * What a budget has to go through: one row, and limits that can fail, for each of some loads and contenders.
 */
import { Effect } from "effect"
import { mean } from "simple-statistics"
import { figure, type Limit, table } from "../../harness/report.ts"
import * as Contenders from "./contenders.ts"
import { blocked, type Load, shortAmongLong, shortTimeouts, steady, withCalls } from "./load.ts"
import * as Trial from "./trial.ts"

type Measure = "429s" | "busiest five minutes" | "mean s late" | "worst s late" | "mean % late" | "slowest call s"

const measures: Readonly<Record<Measure, (trial: Trial.Trial) => number>> = {
  "429s": ({ refused }) => refused,
  "busiest five minutes": ({ busiest }) => busiest,
  "mean s late": (trial) => mean(ended(trial).map(({ late }) => late)),
  "worst s late": (trial) => Math.max(...ended(trial).map(({ late }) => late)),
  "mean % late": (trial) => mean(ended(trial).map(({ duration, late }) => 100 * late / duration)),
  "slowest call s": ({ slowestCall }) => slowestCall
}

// Whoever gave up is late for ever.
const ended = ({ outcomes }: Trial.Trial) =>
  outcomes.map(({ duration, lateness = Infinity }) => ({ duration, late: lateness }))

interface Day {
  readonly load: Load
  /** Who goes through it, and what must hold for them. */
  readonly trials: ReadonlyArray<readonly [Contenders.Contender, { readonly [M in Measure]?: number }]>
}

const { ours, oursLearned, oursSetBack, oursTwice } = Contenders

const steadily = steady(100, 20, 20)

const days: ReadonlyArray<Day> = [
  {
    load: shortAmongLong,
    trials: [[ours, { "mean s late": 30 }], [oursLearned, { "mean s late": 90 }]]
  },
  {
    load: shortTimeouts,
    trials: [[ours, { "worst s late": 130 }], [oursLearned, { "worst s late": 130 }]]
  },
  {
    load: blocked,
    trials: [
      [ours, { "429s": 22, "worst s late": 120 }],
      [oursLearned, { "429s": 22, "worst s late": 120 }]
    ]
  },
  { load: withCalls, trials: [[ours, { "slowest call s": 0, "mean % late": 90 }]] },
  {
    load: steadily,
    trials: [
      [ours, { "mean s late": 22, "mean % late": 65 }],
      [oursLearned, { "mean s late": 22, "mean % late": 110 }],
      [oursSetBack, { "mean s late": 22, "mean % late": 65 }],
      [oursTwice, { "mean s late": 24, "mean % late": 75 }]
    ]
  }
]

/** All of them, or the shortest. */
export const run = Effect.fnUntraced(function*(quick: boolean) {
  const rows: Array<ReadonlyArray<string>> = []
  const limits: Array<Limit> = []
  const refused: Array<number> = []
  const busiest: Array<number> = []
  for (const { load, trials } of quick ? days.slice(2, 3) : days) {
    for (const [contender, atMost] of trials) {
      const trial = yield* Trial.run(load, contender)
      const entries = Object.entries(measures)
      if (load !== blocked) refused.push(trial.refused)
      busiest.push(trial.busiest)
      rows.push([load.name, contender.name, ...entries.map(([, measure]) => figure(measure(trial)))])
      for (const [what, measure] of entries) {
        const limit = Object.entries(atMost).find(([name]) => name === what)?.[1]
        if (limit !== undefined) {
          limits.push({ what: `${what}, ${contender.name}, ${load.name}`, measured: measure(trial), limit })
        }
      }
    }
  }
  limits.push(
    { what: "429s of all of these, but for the block", measured: refused.reduce((sum, one) => sum + one, 0), limit: 0 },
    { what: "the most requests of any of these in five minutes", measured: Math.max(...busiest), limit: 961 }
  )
  return { markdown: table(["", "", ...Object.keys(measures)], rows), limits }
})
