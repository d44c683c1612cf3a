/**
 * Runs the smoke program on every runtime, over real HTTP against the simulator: `npm run runtimes [-- name…]`.
 *
 * It uses the built packages. If all runtimes were available, it writes the table in the README.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import * as Browser from "./browser.ts"
import * as Process from "./processes.ts"
import type { Env } from "./smoke.ts"
import * as Worker from "./worker.ts"

/** A runtime for the smoke program. */
export interface Runtime {
  readonly name: string
  /** Its name and version, for people; undefined if it is not installed. */
  readonly version: () => string | undefined
  /** The reports of the smoke program, one for each run. */
  readonly reports: (env: Env) => Promise<ReadonlyArray<unknown>>
}

const runtimes: ReadonlyArray<Runtime> = [...Process.runtimes, ...Worker.runtimes, Browser.chromium]

const wanted = {
  get: "pending",
  wait: "completed",
  changes: ["pending", "running", "completed"],
  startAndWait: "completed"
}

const tick = (report: unknown) => isDeepStrictEqual(report, wanted)

const table = (rows: ReadonlyArray<string>) =>
  ["| runtime | get | wait | changes | start and wait |", "| --- | --- | --- | --- | --- |", ...rows].join("\n")

const write = (rows: ReadonlyArray<string>) => {
  const path = join(import.meta.dirname, "../README.md")
  const page = readFileSync(path, "utf8")
  writeFileSync(path, page.replace(/(<!-- runtimes -->)[^]*(<!-- \/runtimes -->)/, `$1\n\n${table(rows)}\n\n$2`))
  execFileSync("dprint", ["fmt", path])
}

const asked = process.argv.slice(2)
const chosen = runtimes.filter(({ name }) => asked.length === 0 || asked.includes(name))
const unknown = asked.filter((name) => !runtimes.some((runtime) => runtime.name === name))
if (unknown.length > 0) {
  throw new Error(
    `No runtime is called ${unknown.join(", ")}; there are ${runtimes.map(({ name }) => name).join(", ")}`
  )
}

const main = Effect.gen(function*() {
  const { baseUrl } = yield* Simulator.Simulator
  const rows: Array<string> = []
  for (const { name, reports, version } of chosen) {
    const runtime = version()
    if (runtime === undefined) {
      console.log(`- ${name} skipped: it is not installed`)
      continue
    }
    // A separate token for each, so that none uses up the requests of another.
    const env = { CLOUDFLARE_BASE_URL: baseUrl, CLOUDFLARE_ACCOUNT_ID: Simulator.accountId, CLOUDFLARE_API_TOKEN: name }
    const began = performance.now()
    const seen = yield* Effect.promise(() => reports(env).catch((error: unknown) => [String(error)]))
    const wrong = seen.filter((report) => !tick(report))
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
    console.log(wrong.length === 0 ? `✔ ${runtime} (${took})` : `✘ ${runtime} (${took})`, ...wrong)
    if (wrong.length > 0) process.exitCode = 1
    else rows.push(`| ${runtime} | ✔ | ✔ | ✔ | ✔ |`)
  }
  if (rows.length === runtimes.length) write(rows)
  else if (chosen.length === runtimes.length) {
    console.log("The README keeps its table: not all runtimes are in this run.")
  }
})

// Just long enough to see each state.
const simulator = SimulatorServer.layer({ duration: "1 second", pendingFor: "500 millis", cors: true })
await Effect.runPromise(Effect.provide(main, simulator))
