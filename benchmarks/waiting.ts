/**
 * Waiting at scale: what it costs to begin, to keep and to poll for very many waits in one process, with operations in
 * memory that are answered at once.
 *
 * As a program it does one task, in a process of its own.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Effect, Layer, ManagedRuntime, Option, Schedule } from "effect"
import { setImmediate, setTimeout as sleep } from "node:timers/promises"
import * as Processes from "./harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, spread, table } from "./harness/report.ts"

interface Task {
  readonly contender: Name
  readonly waits: number
  /** Whether all of them are for the same operation. */
  readonly same: boolean
  readonly intervalMillis: number
  /** For how many intervals the polls are measured. */
  readonly intervals: number
}

interface Cost {
  /** Heap for each wait, after some polls. */
  readonly bytes: number
  /** CPU microseconds to begin one, its first poll included. */
  readonly start: number
  /** CPU microseconds for each poll after the first. */
  readonly poll: number
  /** How many polls there were in each interval after the first ones. */
  readonly polls: number
}

type Name = "by hand" | "ours"

// Begins to wait for an operation, and tells when it has ended.
type Wait = (operationId: string, onEnd: () => void) => void

type MakeWait = (
  poll: (operationId: string) => BulkOperation.BulkOperation,
  intervalMillis: number
) => Promise<Wait>

// What people write by hand in Effect: a fiber for each wait.
const byHand: MakeWait = (poll, intervalMillis) =>
  Promise.resolve((operationId, onEnd) => {
    Effect.runFork(
      Effect.sync(() => poll(operationId)).pipe(
        Effect.repeat({ schedule: Schedule.spaced(intervalMillis), until: BulkOperation.isTerminal }),
        Effect.timeout("1 hour"),
        Effect.andThen(Effect.sync(onEnd))
      )
    )
  })

// With its deadline, its shared budget and its sharing.
const ours: MakeWait = async (poll, intervalMillis) => {
  const runtime = ManagedRuntime.make(
    BulkOperationPoller.layer.pipe(
      Layer.provide(Layer.succeed(BulkOperations.BulkOperations, {
        accountId: "account",
        get: (operationId) => Effect.sync(() => poll(operationId))
      }))
    )
  )
  const poller = await runtime.runPromise(BulkOperationPoller.BulkOperationPoller)
  const options = { schedule: PollSchedule.spaced(intervalMillis), timeout: "1 hour" } as const
  return (operationId, onEnd) => {
    runtime.runFork(Effect.andThen(poller.wait(operationId, options), Effect.sync(onEnd)))
  }
}

const contenders: Readonly<Record<Name, MakeWait>> = { "by hand": byHand, ours }

const cpu = () => {
  const { system, user } = process.cpuUsage()
  return system + user
}

const heap = async () => {
  // What a collection frees may be held by what the next one finalizes.
  for (let time = 0; time < 4; time++) {
    await sleep(0)
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

// Waits for operations that run until all of them are told to complete.
const begin = async (contender: Name, operationIds: ReadonlyArray<string>, intervalMillis: number) => {
  const ids = new Map(operationIds.map((id) => [id, BulkOperation.OperationId.make(id)]))
  let polls = 0
  let completed = false
  const poll = (operationId: string): BulkOperation.BulkOperation => {
    const id = ids.get(operationId)
    if (id === undefined) throw new Error(`there is no operation ${operationId}`)
    polls += 1
    return completed ? { id, status: "completed", completed: Option.none() } : { id, status: "running" }
  }
  const wait = await contenders[contender](poll, intervalMillis)
  let left = operationIds.length
  const ended = Promise.withResolvers<void>()
  const onEnd = () => {
    left -= 1
    if (left === 0) ended.resolve()
  }
  const heapBefore = await heap()
  const cpuBefore = cpu()
  for (const id of operationIds) wait(id, onEnd)
  // Those who need a turn for the first poll have it.
  await setImmediate()
  return {
    start: (cpu() - cpuBefore) / operationIds.length,
    bytes: async () => (await heap() - heapBefore) / operationIds.length,
    polls: () => polls,
    end: async () => {
      completed = true
      await Promise.race([ended.promise, sleep(20 * intervalMillis)])
      if (left > 0) throw new Error(`${left} of ${operationIds.length} waits have not ended`)
    }
  }
}

const carryOut = async ({ contender, intervalMillis, intervals, same, waits }: Task): Promise<Cost> => {
  // A short run first, so that code and caches are no part of the figures.
  const warmUp = await begin(contender, Array.from({ length: 1000 }, (_, at) => `warm-up-${at}`), 100)
  await sleep(500)
  await warmUp.end()

  const ids = Array.from({ length: waits }, (_, at) => `4da8780eeb215e6cb7f48dd9${same ? 0 : at}`)
  const begun = await begin(contender, ids, intervalMillis)
  await sleep(intervalMillis / 2)
  const cpuBefore = cpu()
  const pollsBefore = begun.polls()
  const startedAt = performance.now()
  await sleep(intervalMillis * intervals)
  const polls = begun.polls() - pollsBefore
  const poll = (cpu() - cpuBefore) / polls
  // Time is longer than it was asked for on a busy machine.
  const passed = Math.ceil((performance.now() - startedAt) / intervalMillis)
  const bytes = await begun.bytes()
  await begun.end()
  return { bytes, start: begun.start, poll, polls: polls / passed }
}

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
  return Processes.answer<Cost>(Processes.start(import.meta.filename, task))
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

if (import.meta.main) process.send?.(await carryOut(Processes.task()), () => process.exit())
