/**
 * A contender in a process of its own: sets it up, runs what it is told to, and answers what that cost.
 */
import type { Contender, Make } from "./contender.ts"

/** What to run. */
export interface Order {
  readonly count: number
  readonly concurrency: number
}

/** Microseconds for all operations of an order. */
export interface Cost {
  readonly cpu: number
  readonly wall: number
}

const [modulePath = "", setup = "{}"] = process.argv.slice(2)
const module: { readonly make: Make } = await import(modulePath)
const contender: Contender = await module.make(JSON.parse(setup))

const run = async ({ concurrency, count }: Order): Promise<Cost> => {
  globalThis.gc?.()
  const before = process.cpuUsage()
  const began = performance.now()
  await contender.run(count, concurrency)
  const wall = (performance.now() - began) * 1000
  const { system, user } = process.cpuUsage(before)
  return { cpu: system + user, wall }
}

process.on("message", (order: Order) => void run(order).then((cost) => process.send?.(cost)))
process.on("disconnect", () => process.exit())
process.send?.("ready")
