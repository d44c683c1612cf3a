/**
 * One budget for many waits: what becomes of them when there are more than 1,200 requests in five minutes can serve, and
 * what else a budget has to go through.
 */
import { Effect } from "effect"
import { max, mean, quantile, sum } from "simple-statistics"
import { type Benchmark, figure, type Limit, table } from "../../harness/report.ts"
import * as Contenders from "./contenders.ts"
import * as Loads from "./loads.ts"
import * as Trial from "./trial.ts"

const { firstCome, ours, oursLearned, oursSetBack, oursTwice } = Contenders

const measures = {
  "429s": ({ refused }: Trial.Trial) => refused,
  "blocked %": ({ blocked }: Trial.Trial) => 100 * blocked,
  "busiest five minutes": ({ busiest }: Trial.Trial) => busiest,
  "requests per operation": ({ outcomes }: Trial.Trial) => mean(outcomes.map(({ requests }) => requests)),
  "mean s late": ({ outcomes }: Trial.Trial) => mean(outcomes.map(({ late }) => late)),
  "p95 s late": ({ outcomes }: Trial.Trial) => quantile(outcomes.map(({ late }) => late), 0.95),
  "worst s late": ({ outcomes }: Trial.Trial) => max(outcomes.map(({ late }) => late)),
  "mean % late": ({ outcomes }: Trial.Trial) => mean(outcomes.map(({ duration, late }) => 100 * late / duration)),
  "slowest call s": ({ slowestCall }: Trial.Trial) => slowestCall
}

type Measure = keyof typeof measures

interface Plan {
  readonly load: Loads.Load
  readonly contenders: ReadonlyArray<Contenders.Contender>
  /** What must hold for whom. */
  readonly atMost?: ReadonlyArray<readonly [Contenders.Contender, Measure, number]>
  /** How late ours may be in %, times the first-come queue. */
  readonly timesFirstCome?: number
}

const all = [
  ours,
  Contenders.oursAlone,
  firstCome,
  Contenders.independentQuadratic,
  Contenders.independentEvery2
]

const blocked: Plan = {
  load: Loads.blocked,
  contenders: [ours, oursLearned],
  atMost: [
    [ours, "429s", 22],
    [ours, "worst s late", 120],
    [oursLearned, "429s", 22],
    [oursLearned, "worst s late", 120]
  ]
}

// The first has too few waits to be short of anything, then there are ever more. With gaps that are not delayed in
// common ours would be as late as the queue; where far more is started than can be polled, little is left to gain.
const plans: ReadonlyArray<Plan> = [
  { load: Loads.steady(10, 60, 240), contenders: all },
  {
    load: Loads.steady(100, 60, 120),
    contenders: [...all, oursLearned, oursSetBack, oursTwice],
    atMost: [
      [ours, "mean s late", 22],
      [ours, "mean % late", 65],
      [oursLearned, "mean s late", 22],
      [oursLearned, "mean % late", 110],
      [oursSetBack, "mean s late", 22],
      [oursSetBack, "mean % late", 65],
      [oursTwice, "mean s late", 24],
      [oursTwice, "mean % late", 75]
    ],
    timesFirstCome: 0.4
  },
  { load: Loads.steady(300, 60, 120), contenders: all, timesFirstCome: 0.4 },
  { load: Loads.anHourOf(1000), contenders: all, timesFirstCome: 0.6 },
  { load: Loads.anHourOf(10_000), contenders: all, timesFirstCome: 1 },
  {
    load: Loads.shortAmongLong,
    contenders: [ours, oursLearned],
    atMost: [[ours, "mean s late", 30], [oursLearned, "mean s late", 90]]
  },
  {
    load: Loads.shortTimeouts,
    contenders: [ours, oursLearned],
    atMost: [[ours, "worst s late", 130], [oursLearned, "worst s late", 130]]
  },
  blocked,
  {
    load: Loads.withCalls,
    contenders: [ours],
    atMost: [[ours, "slowest call s", 0], [ours, "mean % late", 90]]
  }
]

const quickPlans: ReadonlyArray<Plan> = [
  ...[100, 300].map((waits) => ({
    load: Loads.steady(waits, 20, 20),
    contenders: [ours, firstCome],
    timesFirstCome: 0.4
  })),
  blocked
]

interface Tried {
  readonly plan: Plan
  readonly trials: ReadonlyMap<Contenders.Contender, Trial.Trial>
}

const carryOut = Effect.fnUntraced(function*(plan: Plan) {
  const trials = new Map<Contenders.Contender, Trial.Trial>()
  for (const contender of plan.contenders) trials.set(contender, yield* Trial.run(plan.load, contender))
  return { plan, trials }
})

const section = ({ plan, trials }: Tried) => {
  const rows = Array.from(trials, ([{ name }, trial]) => [
    name,
    ...Object.values(measures).map((of) => figure(of(trial)))
  ])
  return `#### ${plan.load.name}\n\n${table(["", ...Object.keys(measures)], rows)}`
}

const limitsOf = ({ plan, trials }: Tried): ReadonlyArray<Limit> => {
  const measured = (contender: Contenders.Contender, measure: Measure) => {
    const trial = trials.get(contender)
    return trial === undefined ? Number.NaN : measures[measure](trial)
  }
  const { atMost = [], load, timesFirstCome } = plan
  return [
    ...(timesFirstCome === undefined ? [] : [{
      what: `mean % of ours, times that of the first-come queue, ${load.name}`,
      measured: measured(ours, "mean % late") / measured(firstCome, "mean % late"),
      limit: timesFirstCome
    }]),
    ...atMost.map(([contender, measure, limit]): Limit => ({
      what: `${measure}, ${contender.name}, ${load.name}`,
      measured: measured(contender, measure),
      limit
    }))
  ]
}

// Of ours, with the share of the budget that they have by default.
const totals = (tried: ReadonlyArray<Tried>): ReadonlyArray<Limit> => {
  const those = tried.flatMap(({ plan, trials }) =>
    [ours, oursLearned, oursSetBack, oursTwice].flatMap((contender) => {
      const trial = trials.get(contender)
      return trial === undefined ? [] : [{ load: plan.load, ...trial }]
    })
  )
  const unblocked = those.filter(({ load }) => load.blockedFrom === undefined)
  return [
    { what: "429s of ours, but for the block", measured: sum(unblocked.map(({ refused }) => refused)), limit: 0 },
    {
      what: "the most requests of ours in five minutes",
      measured: max(those.map(({ busiest }) => busiest)),
      limit: 961
    }
  ]
}

export const run: Benchmark = async ({ quick }) => {
  const tried = await Effect.runPromise(Effect.forEach(quick ? quickPlans : plans, carryOut))
  return { markdown: tried.map(section).join("\n\n"), limits: [...tried.flatMap(limitsOf), ...totals(tried)] }
}
