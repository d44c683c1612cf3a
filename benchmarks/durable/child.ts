/**
 * So many durable waits in one process and one file. Takes what to do as JSON; says when it has polled for all of them,
 * and when all have ended what that cost.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { DurablePoller } from "@bulk-operations/durable"
import { layerCluster, layerSqlite } from "@bulk-operations/durable/sqlite"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Clock, DateTime, Duration, Effect, Fiber, Layer, Option, Schema } from "effect"
import { ClusterWorkflowEngine } from "effect/cluster"
import { Activity, DurableClock, Workflow } from "effect/workflow"
import { StatementSync } from "node:sqlite"

export interface Task {
  readonly contender: "ours" | "an activity for each poll"
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
const began = task.startedAt ?? Date.now()
const startedAt = DateTime.makeUnsafe(began)

let polls = 0
const operations = Layer.succeed(BulkOperations.BulkOperations, {
  accountId: "account",
  get: (operationId) =>
    Effect.map(Clock.currentTimeMillis, (now): BulkOperation.BulkOperation => {
      polls += 1
      const id = BulkOperation.OperationId.make(operationId)
      return now < began + task.seconds * 1000
        ? { id, status: "running" }
        : { id, status: "completed", completed: Option.none() }
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

// The wait that one would write with Effect's workflows: an activity for each poll, a durable sleep for each gap.
const WaitByActivities = Workflow.make("WaitByActivities", {
  payload: { operationId: Schema.String },
  success: BulkOperation.BulkOperation,
  idempotencyKey: ({ operationId }) => operationId
})

const schedule = PollSchedule.quadratic()

const poll = Effect.fnUntraced(function*(operationId: string, polls: number) {
  const operation = yield* Effect.orDie(BulkOperations.BulkOperations.use(({ get }) => get(operationId)))
  const gap = yield* PollSchedule.gapAt(schedule, { startedAt, now: yield* DateTime.now, polls, operation })
  return { operation, gap: Option.getOrElse(gap, () => Duration.zero) }
})

const layerByActivities = WaitByActivities.toLayer(Effect.fnUntraced(function*({ operationId }) {
  for (let polls = 0;; polls++) {
    const { gap, operation } = yield* Activity.make({
      name: `poll-${polls}`,
      success: Schema.Struct({ operation: BulkOperation.BulkOperation, gap: Schema.DurationFromMillis }),
      execute: poll(operationId, polls)
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

const measured = Effect.fnUntraced(function*<E, R>(wait: (operationId: string) => Effect.Effect<unknown, E, R>) {
  const ids = Array.from({ length: task.waits }, (_, at) => `operation-${at}`)
  const heapBefore = heap()
  const cpuBefore = cpu()
  const fiber = yield* Effect.forkChild(Effect.forEach(ids, wait, { concurrency: "unbounded", discard: true }))
  while (polls < task.waits && fiber.pollUnsafe() === undefined) yield* Effect.sleep(10)
  const begun: Begun = {
    startedAt: began,
    begunAt: performance.now(),
    cpuToBegin: cpu(),
    cpu: (cpu() - cpuBefore) / task.waits,
    bytes: (heap() - heapBefore) / task.waits
  }
  process.send?.(begun)
  yield* Fiber.join(fiber)
  const cost: Cost = { cpu: (cpu() - cpuBefore) / task.waits, polls, writes }
  process.send?.(cost)
})

const { filename } = task
const layerPoller = Layer.provideMerge(BulkOperationPoller.layer, operations)
await Effect.runPromise(
  task.contender === "ours"
    ? measured((id) => DurablePoller.DurablePoller.use(({ wait }) => wait(id, { startedAt }))).pipe(
      Effect.provide(Layer.provide(layerSqlite({ filename }), layerPoller))
    )
    : measured((operationId) => WaitByActivities.execute({ operationId })).pipe(
      Effect.provide(Layer.provide(layerByActivities, [layerCluster({ filename }), operations]))
    )
)
process.exit()
