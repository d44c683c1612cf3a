/**
 * A contender in a process of its own that does its work once, and tells what it cost and how much memory it took.
 */
import type { Make } from "../harness/contender.ts"

/** Seconds, and MiB at the most. */
export interface Once {
  readonly cpu: number
  readonly wall: number
  readonly memory: number
}

const [modulePath = "", setup = "{}", count = "0"] = process.argv.slice(2)
const module: { readonly make: Make } = await import(modulePath)
const contender = await module.make(JSON.parse(setup))
const before = process.cpuUsage()
const began = performance.now()
await contender.run(Number(count), 1)
const wall = (performance.now() - began) / 1000
const { system, user } = process.cpuUsage(before)
const once: Once = { cpu: (system + user) / 1e6, wall, memory: process.resourceUsage().maxRSS / 1024 }
process.send?.(once)
process.on("disconnect", () => process.exit())
