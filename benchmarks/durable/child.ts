/**
 * So many durable waits in one process and one file. Takes what to do as JSON; says when all of them are stored, and
 * when all have ended what that cost.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { DurablePoller } from "@bulk-operations/durable"
import { layerCluster, layerSqlite } from "@bulk-operations/durable/sqlite"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Clock, DateTime, Effect, Fiber, Layer, Option } from "effect"
import { StatementSync } from "node:sqlite"
import * as ByActivities from "./byActivities.ts"

export interface Task {
  readonly shape: "ours" | "byActivities"
  readonly filename: string
  readonly waits: number
  /** How long the operations take, and when they were started, if that was before. */
  readonly seconds: number
  readonly startedAt?: number
}

export interface Begun {
  readonly startedAt: number
  /** Heap and CPU milliseconds for each wait so far. */
  readonly bytes: number
  readonly cpu: number
  /** Milliseconds from the start of the process until it had polled for each wait, and of CPU until then. */
  readonly begunAt: number
  readonly cpuToBegin: number
}

export interface Cost {
  /** CPU milliseconds for each wait. */
  readonly cpu: number
  readonly polls: number
  /** Statements that write. */
  readonly writes: number
}

const task: Task = JSON.parse(process.argv[2] ?? "{}")
const ids = Array.from({ length: task.waits }, (_, at) => BulkOperation.OperationId.make(`operation-${at}`))

const began = task.startedAt ?? Date.now()
const endsAt = began + task.seconds * 1000

let polls = 0
const operations = Layer.succeed(BulkOperations.BulkOperations, {
  accountId: "account",
  get: (id) =>
    Effect.map(Clock.currentTimeMillis, (now): BulkOperation.BulkOperation => {
      polls += 1
      return now < endsAt
        ? { id: BulkOperation.OperationId.make(id), status: "running" }
        : { id: BulkOperation.OperationId.make(id), status: "completed", completed: Option.none() }
    })
})

// Effect's storage shows no tracer what it does.
let writes = 0
for (const method of ["all", "run"] as const) {
  const run = StatementSync.prototype[method]
  StatementSync.prototype[method] = function(this: StatementSync, ...parameters: Array<never>) {
    if (/^\s*(insert|update|delete)/i.test(this.sourceSQL)) writes += 1
    return Reflect.apply(run, this, parameters)
  }
}

const startedAt = DateTime.makeUnsafe(began)
const ours = Effect.forEach(
  ids,
  (id) => DurablePoller.DurablePoller.use(({ wait }) => wait(id, { startedAt })),
  { concurrency: "unbounded", discard: true }
)
const byActivities = Effect.forEach(
  ids,
  (operationId) => ByActivities.WaitByActivities.execute({ operationId, startedAt }),
  { concurrency: "unbounded", discard: true }
)

const cpu = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1000
}

const heap = Effect.sync(() => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
})

const measured = <E, R>(waits: Effect.Effect<void, E, R>) =>
  Effect.gen(function*() {
    const heapBefore = yield* heap
    const cpuBefore = cpu()
    const fiber = yield* Effect.forkChild(waits)
    while (polls < task.waits && fiber.pollUnsafe() === undefined) yield* Effect.sleep(10)
    const begunAt = performance.now()
    const begun: Begun = {
      startedAt: began,
      begunAt,
      cpuToBegin: cpu(),
      cpu: (cpu() - cpuBefore) / task.waits,
      bytes: ((yield* heap) - heapBefore) / task.waits
    }
    process.send?.(begun)
    yield* Fiber.join(fiber)
    const cost: Cost = { cpu: (cpu() - cpuBefore) / task.waits, polls, writes }
    process.send?.(cost)
  })

const filename = task.filename
const poller = Layer.provideMerge(BulkOperationPoller.layer, operations)
const program = task.shape === "ours"
  ? Effect.provide(measured(ours), layerSqlite({ filename }).pipe(Layer.provide(poller)))
  : Effect.provide(
    measured(byActivities),
    ByActivities.layer.pipe(Layer.provide([layerCluster({ filename }), operations]))
  )

await Effect.runPromise(program)
process.exit()
