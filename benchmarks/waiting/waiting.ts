/**
 * Waiting at scale: what it costs to have very many waits, with operations in memory that are answered at once.
 */
import { fileURLToPath } from "node:url"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, type Report, spread, table } from "../harness/report.ts"
import type { Cost, Task } from "./child.ts"

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

interface Contender {
  readonly name: string
  readonly module: string
  readonly tracing: string
}

const contender = (name: string, module: string, tracing = "on"): Contender => ({
  name,
  module: moduleAt(`contenders/${module}.ts`),
  tracing
})

const byHand = contender("Effect.repeat with Effect.timeout, by hand", "repeat")
const ours = contender("ours", "ours")
const compared: ReadonlyArray<Contender> = [byHand, ours]
const all: ReadonlyArray<Contender> = [
  contender("a bare loop of timers", "timers"),
  contender("@smithy/util-waiter", "smithy"),
  contender("@azure/core-lro", "azure"),
  byHand,
  ours,
  contender("ours, without tracer", "ours", "off")
]

interface Scale {
  readonly waits: number
  /** Longer than it takes to begin that many, so that nobody polls meanwhile. */
  readonly intervalMillis: number
  readonly intervals: number
  readonly rounds: number
  /** Whether peers that no limit is about are measured as well, in the first round. */
  readonly peers: boolean
}

const scales: ReadonlyArray<Scale> = [
  { waits: 1000, intervalMillis: 200, intervals: 10, rounds: 3, peers: false },
  { waits: 10_000, intervalMillis: 1000, intervals: 2, rounds: 3, peers: true },
  { waits: 100_000, intervalMillis: 8000, intervals: 1, rounds: 2, peers: false }
]

const quickScale: Scale = { waits: 5000, intervalMillis: 400, intervals: 3, rounds: 1, peers: false }

const measure = ({ module, tracing }: Contender, { intervalMillis, intervals, waits }: Scale, same = false) => {
  const task: Task = { module, tracing, waits, same, intervalMillis, intervals }
  return Processes.answer<Cost>(Processes.start(moduleAt("child.ts"), [JSON.stringify(task)]))
}

type Measured = ReadonlyMap<Contender, ReadonlyArray<Cost>>

const measureAll = async (scale: Scale): Promise<Measured> => {
  const costs = new Map((scale.peers ? all : compared).map((contender) => [contender, new Array<Cost>()]))
  for (let round = 0; round < scale.rounds; round++) {
    const contenders = round === 0 ? Array.from(costs.keys()) : compared
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length]
      if (contender !== undefined) costs.get(contender)?.push(await measure(contender, scale))
    }
  }
  return costs
}

const of = (measured: Measured, contender: Contender, figure: keyof Cost) =>
  (measured.get(contender) ?? []).map((cost) => cost[figure])

const limitsOf = (measured: Measured, scale: Scale, same: Cost): ReadonlyArray<Limit> => [
  {
    what: `memory of one of ${figure(scale.waits)} waits, times by hand`,
    measured: middle(ratios(of(measured, ours, "bytes"), of(measured, byHand, "bytes"))),
    limit: 1
  },
  {
    what: `CPU of a poll for one of ${figure(scale.waits)} waits, times by hand`,
    measured: middle(ratios(of(measured, ours, "poll"), of(measured, byHand, "poll"))),
    // So few polls are measured before code is compiled that is not by hand.
    limit: scale.waits < 5000 ? 2 : 1.5
  },
  {
    what: `polls in each interval of ${figure(scale.waits)} waits for the same operation`,
    measured: same.polls,
    limit: 1
  }
]

const tableOf = (measured: Measured) =>
  table(
    ["", "bytes per wait", "CPU µs to begin", "CPU µs per poll"],
    Array.from(measured, ([{ name }, costs]) => [
      name,
      figure(middle(costs.map(({ bytes }) => bytes))),
      spread(costs.map(({ start }) => start)),
      spread(costs.map(({ poll }) => poll))
    ])
  )

const together = (same: Cost, scale: Scale) =>
  `${figure(scale.waits)} waits for one and the same operation make ${figure(same.polls)} polls per interval, take ${
    figure(same.bytes)
  } bytes each, and ${figure(same.start)} µs of CPU to begin.`

const quickly = async (): Promise<Report> => {
  const measured = await measureAll(quickScale)
  return { markdown: tableOf(measured), limits: limitsOf(measured, quickScale, await measure(ours, quickScale, true)) }
}

const thoroughly = async (): Promise<Report> => {
  const sections: Array<string> = []
  const limits: Array<Limit> = []
  for (const scale of scales) {
    const measured = await measureAll(scale)
    const same = await measure(ours, scale, true)
    sections.push(`### ${figure(scale.waits)} waits`, tableOf(measured), together(same, scale))
    limits.push(...limitsOf(measured, scale, same))
  }
  return { markdown: sections.join("\n\n"), limits }
}

export const run: Benchmark = ({ quick }) => quick ? quickly() : thoroughly()
