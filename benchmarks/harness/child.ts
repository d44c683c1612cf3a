/**
 * A contender in a process of its own: sets it up, runs what it is told to, and answers what that cost.
 */
import type { Contenders } from "./contender.ts"
import { type Entry, task } from "./processes.ts"

/** What to run. */
export interface Order {
  readonly count: number
  readonly concurrency: number
}

/** Microseconds for all operations of an order, and the MiB that the process has taken at most so far. */
export interface Cost {
  readonly cpu: number
  readonly wall: number
  readonly memory: number
}

const { module, name, setup }: Entry = task()
const { contenders }: { readonly contenders: Contenders } = await import(module)
const contender = await contenders[name]?.(setup)
if (contender === undefined) throw new Error(`there is no contender ${name}`)

// Garbage is collected when it is due and charged to whoever made it: to collect it beforehand would charge those who
// keep more in memory for what the process does anyway, once for every round.
const run = async ({ concurrency, count }: Order): Promise<Cost> => {
  const before = process.cpuUsage()
  const began = performance.now()
  await contender.run(count, concurrency)
  const wall = (performance.now() - began) * 1000
  const { system, user } = process.cpuUsage(before)
  return { cpu: system + user, wall, memory: process.resourceUsage().maxRSS / 1024 }
}

process.on("message", (order: Order) => void run(order).then((cost) => process.send?.(cost)))
process.on("disconnect", () => process.exit())
process.send?.("ready")
