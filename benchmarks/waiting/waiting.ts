/**
 * Waiting at scale: what it costs to have very many waits, with operations in memory that are answered at once.
 */
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, spread, table } from "../harness/report.ts"
import type { Cost, Name, Task } from "./child.ts"

interface Scale {
  readonly waits: number
  /** Longer than it takes to begin that many, so that nobody polls meanwhile. */
  readonly intervalMillis: number
  readonly intervals: number
  readonly rounds: number
}

const scales: ReadonlyArray<Scale> = [
  { waits: 1000, intervalMillis: 200, intervals: 10, rounds: 3 },
  { waits: 10_000, intervalMillis: 1000, intervals: 2, rounds: 3 },
  { waits: 100_000, intervalMillis: 8000, intervals: 1, rounds: 2 }
]

const quickScales: ReadonlyArray<Scale> = [{ waits: 5000, intervalMillis: 400, intervals: 3, rounds: 1 }]

const measure = (contender: Name, { intervalMillis, intervals, waits }: Scale, same = false) => {
  const task: Task = { contender, waits, same, intervalMillis, intervals }
  return Processes.answer<Cost>(Processes.start(`${import.meta.dirname}/child.ts`, [JSON.stringify(task)]))
}

const reportOn = async (scale: Scale) => {
  const costs = { "by hand": new Array<Cost>(), ours: new Array<Cost>() }
  for (let round = 0; round < scale.rounds; round++) {
    for (const contender of round % 2 === 0 ? ["by hand", "ours"] as const : ["ours", "by hand"] as const) {
      costs[contender].push(await measure(contender, scale))
    }
  }
  const same = await measure("ours", scale, true)
  return { markdown: section(scale, costs, same), limits: limitsOf(scale, costs, same) }
}

type Costs = Readonly<Record<Name, ReadonlyArray<Cost>>>

const section = (scale: Scale, costs: Costs, same: Cost) =>
  [
    `### ${figure(scale.waits)} waits`,
    table(
      ["", "bytes per wait", "CPU µs to begin", "CPU µs per poll"],
      ([["Effect.repeat with Effect.timeout, by hand", "by hand"], ["ours", "ours"]] as const).map(([name, of]) => [
        name,
        figure(middle(costs[of].map(({ bytes }) => bytes))),
        spread(costs[of].map(({ start }) => start)),
        spread(costs[of].map(({ poll }) => poll))
      ])
    ),
    `${figure(scale.waits)} waits for one and the same operation make ${figure(same.polls)} polls per interval, take ${
      figure(same.bytes)
    } bytes each, and ${figure(same.start)} µs of CPU to begin.`
  ].join("\n\n")

const limitsOf = (scale: Scale, costs: Costs, same: Cost): ReadonlyArray<Limit> => {
  const timesByHand = (measure: keyof Cost) =>
    middle(ratios(costs.ours.map((cost) => cost[measure]), costs["by hand"].map((cost) => cost[measure])))
  const waits = figure(scale.waits)
  return [
    { what: `memory of one of ${waits} waits, times by hand`, measured: timesByHand("bytes"), limit: 1 },
    {
      what: `CPU of a poll for one of ${waits} waits, times by hand`,
      measured: timesByHand("poll"),
      // So few polls are measured before code is compiled that is not by hand.
      limit: scale.waits < 5000 ? 2 : 1.5
    },
    { what: `polls in each interval of ${waits} waits for the same operation`, measured: same.polls, limit: 1 }
  ]
}

export const run: Benchmark = async ({ quick }) => {
  const reports = []
  for (const scale of quick ? quickScales : scales) reports.push(await reportOn(scale))
  return {
    markdown: reports.map(({ markdown }) => markdown).join("\n\n"),
    limits: reports.flatMap(({ limits }) => limits)
  }
}
