/**
 * Contenders side by side: each in a process of its own, round after round in a changing order, so that whatever else
 * the machine does meets all of them alike.
 */
import { type ChildProcess, fork } from "node:child_process"
import type { Cost, Order } from "./child.ts"

/** Starts a module as a program in a process of its own, and gives it a task. */
export const start = (module: string, task: unknown = {}): ChildProcess =>
  fork(module, [JSON.stringify(task)], {
    execArgv: ["--conditions=@bulk-operations/source", "--expose-gc", "--disable-warning=ExperimentalWarning"],
    // Longer than any benchmark takes: a process that hangs must not keep the others waiting for ever.
    timeout: 30 * 60_000
  })

/** The task that this process was started for. */
export const task = () => JSON.parse(process.argv[2] ?? "{}")

/** The next message of a process. */
export const answer = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`${child.spawnargs.slice(1).join(" ")} exited with ${code}`))
    child.once("exit", onExit)
    child.once("message", (message: A) => {
      child.off("exit", onExit)
      resolve(message)
    })
  })

/** The plain `node:http` server that answers like Cloudflare does: where it is, and what stops it. */
export const startCounterpart = async () => {
  const server = start(`${import.meta.dirname}/counterpart.ts`)
  const { port } = await answer<{ readonly port: number }>(server)
  return { origin: `http://127.0.0.1:${port}`, stop: () => server.disconnect() }
}

/** Who is measured: one of the contenders that the module exports. */
export interface Entry {
  readonly module: string
  readonly name: string
  readonly setup: Readonly<Record<string, string>>
}

/** Microseconds per operation, one figure for each round. */
export interface Measured {
  readonly name: string
  readonly cpu: ReadonlyArray<number>
  readonly wall: ReadonlyArray<number>
}

const begin = async (entry: Entry) => {
  const child = start(`${import.meta.dirname}/child.ts`, entry)
  await answer(child)
  return child
}

const carryOut = (child: ChildProcess, order: Order): Promise<Cost> => {
  child.send(order)
  return answer(child)
}

/** What an order costs in a fresh process. */
export const once = async (entry: Entry, order: Order): Promise<Cost> => {
  const child = await begin(entry)
  const cost = await carryOut(child, order)
  child.disconnect()
  return cost
}

/** Measures every entry, after a warm-up. */
export const measure = async (entries: ReadonlyArray<Entry>, options: {
  readonly warmUp: Order
  readonly order: Order
  readonly rounds: number
}): Promise<ReadonlyArray<Measured>> => {
  const { order, rounds, warmUp } = options
  const measured = await Promise.all(entries.map(async (entry) => ({
    name: entry.name,
    child: await begin(entry),
    cpu: new Array<number>(),
    wall: new Array<number>()
  })))
  for (const { child } of measured) await carryOut(child, warmUp)
  for (let round = 0; round < rounds; round++) {
    const first = round % measured.length
    for (const { child, cpu, wall } of [...measured.slice(first), ...measured.slice(0, first)]) {
      const cost = await carryOut(child, order)
      cpu.push(cost.cpu / order.count)
      wall.push(cost.wall / order.count)
    }
  }
  for (const { child } of measured) child.disconnect()
  return measured
}
