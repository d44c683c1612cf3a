/**
 * Durable: what a wait writes and costs, and how soon a new process has the waits of one that was killed. In a file, beside
 * the same wait as an activity for each poll.
 *
 * As a program it waits in a process of its own: it says when it has polled for all waits, and what they cost when all have
 * ended.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { DurablePoller } from "@bulk-operations/durable"
import { layerCluster, layerSqlite } from "@bulk-operations/durable/sqlite"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Clock, DateTime, Duration, Effect, Fiber, Layer, Option, Schema } from "effect"
import { ClusterWorkflowEngine } from "effect/cluster"
import { Activity, DurableClock, Workflow } from "effect/workflow"
import { once } from "node:events"
import { mkdtempDisposable } from "node:fs/promises"
import { tmpdir } from "node:os"
import { DatabaseSync, StatementSync } from "node:sqlite"
import * as Processes from "./harness/processes.ts"
import { type Benchmark, figure, table } from "./harness/report.ts"

interface Task {
  readonly contender: "ours" | "an activity for each poll"
  readonly filename: string
  readonly waits: number
  /** How long the operations take, and when they were started, if that was before. */
  readonly seconds: number
  readonly startedAt?: number
}

interface Begun {
  readonly startedAt: number
  /** Heap and CPU milliseconds for each wait so far. */
  readonly bytes: number
  readonly cpu: number
  /** Milliseconds from the start of the process until it had polled for each wait, and of CPU until then. */
  readonly begunAt: number
  readonly cpuToBegin: number
}

interface Cost {
  /** CPU milliseconds for each wait. */
  readonly cpu: number
  readonly polls: number
  /** Statements that write. */
  readonly writes: number
}

// All started at once, so that all end at once.
const operationsUntil = (end: number) => {
  let polls = 0
  const layer = Layer.succeed(BulkOperations.BulkOperations, {
    accountId: "account",
    get: (operationId) =>
      Effect.map(Clock.currentTimeMillis, (now): BulkOperation.BulkOperation => {
        polls += 1
        const id = BulkOperation.OperationId.make(operationId)
        return now < end ? { id, status: "running" } : { id, status: "completed", completed: Option.none() }
      })
  })
  return { layer, polls: () => polls }
}

// Effect's storage shows no tracer what it does.
const countWrites = () => {
  let writes = 0
  for (const method of ["all", "run"] as const) {
    const run = StatementSync.prototype[method]
    StatementSync.prototype[method] = function(this: StatementSync, ...parameters: Array<never>) {
      if (/^\s*(insert|update|delete)/i.test(this.sourceSQL)) writes += 1
      return Reflect.apply(run, this, parameters)
    }
  }
  return () => writes
}

// The wait that one would write with Effect's workflows: an activity for each poll, a durable sleep for each gap.
const WaitByActivities = Workflow.make("WaitByActivities", {
  payload: { operationId: Schema.String, startedAt: Schema.DateTimeUtcFromMillis },
  success: BulkOperation.BulkOperation,
  idempotencyKey: ({ operationId }) => operationId
})

const schedule = PollSchedule.quadratic()

const poll = Effect.fnUntraced(function*(operationId: string, startedAt: DateTime.Utc, polls: number) {
  const operation = yield* Effect.orDie(BulkOperations.BulkOperations.use(({ get }) => get(operationId)))
  const gap = yield* PollSchedule.gapAt(schedule, { startedAt, now: yield* DateTime.now, polls, operation })
  return { operation, gap: Option.getOrElse(gap, () => Duration.zero) }
})

const layerByActivities = WaitByActivities.toLayer(Effect.fnUntraced(function*({ operationId, startedAt }) {
  for (let polls = 0;; polls++) {
    const { gap, operation } = yield* Activity.make({
      name: `poll-${polls}`,
      success: Schema.Struct({ operation: BulkOperation.BulkOperation, gap: Schema.DurationFromMillis }),
      execute: poll(operationId, startedAt, polls)
    })
    if (BulkOperation.isTerminal(operation)) return operation
    yield* DurableClock.sleep({ name: `gap-${polls}`, duration: gap, inMemoryThreshold: 0 })
  }
})).pipe(Layer.provideMerge(ClusterWorkflowEngine.layer))

const cpu = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const carryOut = ({ contender, filename, seconds, startedAt: began = Date.now(), waits }: Task) => {
  const startedAt = DateTime.makeUnsafe(began)
  const operations = operationsUntil(began + seconds * 1000)
  const writes = countWrites()
  const measured = Effect.fnUntraced(function*<E, R>(wait: (operationId: string) => Effect.Effect<unknown, E, R>) {
    const ids = Array.from({ length: waits }, (_, at) => `operation-${at}`)
    const heapBefore = heap()
    const cpuBefore = cpu()
    const fiber = yield* Effect.forkChild(Effect.forEach(ids, wait, { concurrency: "unbounded", discard: true }))
    while (operations.polls() < waits && fiber.pollUnsafe() === undefined) yield* Effect.sleep(10)
    const begun: Begun = {
      startedAt: began,
      begunAt: performance.now(),
      cpuToBegin: cpu(),
      cpu: (cpu() - cpuBefore) / waits,
      bytes: (heap() - heapBefore) / waits
    }
    process.send?.(begun)
    yield* Fiber.join(fiber)
    const cost: Cost = { cpu: (cpu() - cpuBefore) / waits, polls: operations.polls(), writes: writes() }
    process.send?.(cost)
  })
  const layerPoller = Layer.provideMerge(BulkOperationPoller.layer, operations.layer)
  return contender === "ours"
    ? measured((id) => DurablePoller.DurablePoller.use(({ wait }) => wait(id, { startedAt }))).pipe(
      Effect.provide(Layer.provide(layerSqlite({ filename }), layerPoller))
    )
    : measured((operationId) => WaitByActivities.execute({ operationId, startedAt })).pipe(
      Effect.provide(Layer.provide(layerByActivities, [layerCluster({ filename }), operations.layer]))
    )
}

const start = (task: Task) => Processes.start(import.meta.filename, task)

// In both tables of the engine.
const rowsIn = (filename: string) => {
  using database = new DatabaseSync(filename, { readOnly: true })
  const counted = database.prepare(
    "SELECT (SELECT count(*) FROM cluster_messages) + (SELECT count(*) FROM cluster_replies) AS rows"
  ).get()
  return Number(counted?.["rows"])
}

const waits = 20

// Of each wait, from its beginning to its end.
const toTheEnd = async (contender: Task["contender"], seconds: number) => {
  await using folder = await mkdtempDisposable(`${tmpdir()}/durable-`)
  const filename = `${folder.path}/waits.db`
  const child = start({ contender, waits, seconds, filename })
  await Processes.answer<Begun>(child)
  const { cpu, polls, writes } = await Processes.answer<Cost>(child)
  await once(child, "exit")
  return { contender, polls: polls / waits, rows: rowsIn(filename) / waits, writes: writes / waits, cpu }
}

// Kills a process once it has polled for each of its waits, and another one when it has done so, too.
const takeover = async (waits: number) => {
  await using folder = await mkdtempDisposable(`${tmpdir()}/durable-`)
  const begin = async (before?: Begun) => {
    const child = start({
      contender: "ours",
      waits,
      seconds: 3600,
      filename: `${folder.path}/waits.db`,
      ...(before && { startedAt: before.startedAt })
    })
    const begun = await Processes.answer<Begun>(child)
    child.kill("SIGKILL")
    await once(child, "exit")
    return begun
  }
  const before = await begin()
  return { before, after: await begin(before) }
}

type Measured = Awaited<ReturnType<typeof toTheEnd>>

const tableOf = (...measured: ReadonlyArray<Measured>) =>
  table(
    ["for each wait", "polls", "rows", "writes", "CPU ms"],
    measured.map(({ contender, cpu, polls, rows, writes }) => [
      contender,
      ...[polls, rows, writes, cpu].map(figure)
    ])
  )

const thoroughly = async (ours: Measured, one: Begun) => {
  const byActivities = "an activity for each poll"
  const short = tableOf(ours, await toTheEnd(byActivities, 3))
  const long = tableOf(await toTheEnd("ours", 60), await toTheEnd(byActivities, 60))
  const { after, before } = await takeover(1000)
  return [
    "### Operations of 3 seconds",
    short,
    "### Operations of a minute",
    long,
    "### 1,000 waits, and kill -9",
    `Each of 1,000 waits takes ${figure(before.cpu)} ms of CPU to begin, its first poll included, and ${
      figure(before.bytes / 1000)
    } kB of heap while it is under way. After a kill, a new process has polled for all of them ${
      figure(after.begunAt / 1000)
    } s after it was started; where there is one wait, after ${figure(one.begunAt / 1000)} s.`
  ].join("\n\n")
}

export const run: Benchmark = async ({ quick }) => {
  const ours = await toTheEnd("ours", 3)
  const one = await takeover(1)
  return {
    markdown: quick ? "" : await thoroughly(ours, one.after),
    limits: [
      { what: "rows of a wait", measured: ours.rows, limit: 4 },
      { what: "writes of a wait", measured: ours.writes, limit: 8 },
      {
        what: "CPU seconds until a new process polls for what a killed one left",
        measured: one.after.cpuToBegin / 1000,
        limit: 4
      }
    ]
  }
}

if (import.meta.main) {
  await Effect.runPromise(carryOut(Processes.task()))
  process.exit()
}
