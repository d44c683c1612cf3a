/**
 * A contender in a process of its own: sets it up, runs what it is told to, and answers what that cost.
 */
import { Session } from "node:inspector/promises"
import type { Contender, Make } from "./contender.ts"
import { parts } from "./profile.ts"

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

/** What to run with a profiler at its side. The answer is `Parts`. */
export interface ProfileOrder extends Order {
  readonly profile: true
}

/** Microseconds for all operations of an order, by where they were spent. */
export type Parts = Readonly<Record<string, number>>

const [modulePath = "", setup = "{}"] = process.argv.slice(2)
const module: { readonly make: Make } = await import(modulePath)
const contender: Contender = await module.make(JSON.parse(setup))

// Garbage is collected when it is due and charged to whoever made it: to collect it beforehand would charge those who
// keep more in memory for what the process does anyway, once for every round.
const run = async ({ concurrency, count }: Order): Promise<Cost> => {
  const before = process.cpuUsage()
  const began = performance.now()
  await contender.run(count, concurrency)
  const wall = (performance.now() - began) * 1000
  const { system, user } = process.cpuUsage(before)
  return { cpu: system + user, wall }
}

const profile = async ({ concurrency, count }: Order): Promise<Parts> => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 200 })
  await session.post("Profiler.start")
  await contender.run(count, concurrency)
  const { profile } = await session.post("Profiler.stop")
  session.disconnect()
  return parts(profile)
}

process.on(
  "message",
  (order: Order | ProfileOrder) =>
    void ("profile" in order ? profile(order) : run(order)).then((answer) => process.send?.(answer))
)
process.on("disconnect", () => process.exit())
process.send?.("ready")
