/**
 * So many waits in one process: what it costs to begin them, to keep them, and to poll.
 *
 * Takes what to do as JSON, and answers it with a message.
 */
import * as Operations from "./operations.ts"

/** What to do. */
export interface Task {
  readonly module: string
  readonly waits: number
  /** Whether all of them are for the same operation. */
  readonly same: boolean
  readonly tracing: string
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

const task: Task = JSON.parse(process.argv[2] ?? "{}")
const { make }: { readonly make: Operations.MakeWaits } = await import(task.module)

const cpu = () => {
  const { system, user } = process.cpuUsage()
  return system + user
}

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const heap = async () => {
  // What a collection frees may be held by what the next one finalizes.
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.()
    await sleep(0)
  }
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

// A short run first, so that code and caches are no part of the figures.
const warmUp = async () => {
  const ids = Array.from({ length: 1000 }, (_, at) => `warm-up-${at}`)
  const operations = Operations.make(ids)
  const wait = await make({ operations, intervalMillis: 100, tracing: task.tracing })
  let ended = 0
  for (const id of ids) wait(id, () => ended++)
  await sleep(500)
  operations.complete()
  while (ended < ids.length) await sleep(20)
}

const measure = async (): Promise<Cost> => {
  await warmUp()
  const { intervalMillis, intervals, same, tracing, waits } = task
  const ids = Array.from({ length: waits }, (_, at) => `4da8780eeb215e6cb7f48dd9${same ? 0 : at}`)
  const operations = Operations.make(ids)
  const wait = await make({ operations, intervalMillis, tracing })
  let left = waits
  const ended = Promise.withResolvers<void>()
  const onEnd = () => {
    left -= 1
    if (left === 0) ended.resolve()
  }

  const heapBefore = await heap()
  const cpuBefore = cpu()
  for (const id of ids) wait(id, onEnd)
  // Those who need a turn for the first poll have it.
  await new Promise(setImmediate)
  const start = (cpu() - cpuBefore) / waits

  await sleep(intervalMillis / 2)
  const cpuStarted = cpu()
  const pollsStarted = operations.polls()
  const startedAt = performance.now()
  await sleep(intervalMillis * intervals)
  const polls = operations.polls() - pollsStarted
  const poll = (cpu() - cpuStarted) / polls
  // Time is longer than it was asked for on a busy machine.
  const passed = Math.ceil((performance.now() - startedAt) / intervalMillis)

  const bytes = (await heap() - heapBefore) / waits
  operations.complete()
  await Promise.race([ended.promise, sleep(20 * intervalMillis)])
  if (left > 0) throw new Error(`${left} of ${waits} waits have not ended`)
  return { bytes, start, poll, polls: polls / passed }
}

process.send?.(await measure(), () => process.exit())
