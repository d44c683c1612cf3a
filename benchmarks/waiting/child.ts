/**
 * So many waits in one process: what it costs to begin them, to keep them, and to poll.
 *
 * Takes what to do as JSON, and answers it with a message.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Effect, Layer, ManagedRuntime, Option, Schedule } from "effect"
import { setImmediate, setTimeout as sleep } from "node:timers/promises"

/** What to do. */
export interface Task {
  readonly contender: Name
  readonly waits: number
  /** Whether all of them are for the same operation. */
  readonly same: boolean
  readonly intervalMillis: number
  /** For how many intervals the polls are measured. */
  readonly intervals: number
}

/** What that cost. */
export interface Cost {
  /** Heap for each wait, after some polls. */
  readonly bytes: number
  /** CPU microseconds to begin one, its first poll included. */
  readonly start: number
  /** CPU microseconds for each poll after the first. */
  readonly poll: number
  /** How many polls there were in each interval after the first ones. */
  readonly polls: number
}

export type Name = "by hand" | "ours"

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

const measure = async ({ contender, intervalMillis, intervals, same, waits }: Task): Promise<Cost> => {
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

process.send?.(await measure(JSON.parse(process.argv[2] ?? "{}")), () => process.exit())
