/**
 * `npm run bench`, `npm run bench -- <name> …`, `npm run bench -- --quick`.
 *
 * Runs the benchmarks that are named, or all of them, and writes what they say between their marks in README.md. With
 * `--quick` it only checks that the figures stay within their limits, with some slack for a busy machine.
 */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, totalmem, type } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as Bundle from "./bundle/bundle.ts"
import * as Decode from "./decode.ts"
import * as Durable from "./durable.ts"
import * as Budget from "./economy/budget/budget.ts"
import * as Learned from "./economy/learned.ts"
import * as Schedules from "./economy/schedules.ts"
import { type Benchmark, figure, type Limit, limitsTable } from "./harness/report.ts"
import * as Lists from "./lists.ts"
import manifest from "./package.json" with { type: "json" }
import * as Simulator from "./simulator.ts"
import * as Status from "./status.ts"
import * as Waiting from "./waiting.ts"

const benchmarks: Readonly<Record<string, Benchmark>> = {
  lists: Lists.run,
  status: Status.run,
  decode: Decode.run,
  waiting: Waiting.run,
  "economy/schedules": Schedules.run,
  "economy/learned": Learned.run,
  "economy/budget": Budget.run,
  durable: Durable.run,
  bundle: Bundle.run,
  simulator: Simulator.run
}

const slack = 4 / 3

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const write = (name: string, text: string) => {
  const readme = pathOf("README.md")
  const before = readFileSync(readme, "utf8")
  const marks = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`)
  if (!marks.test(before)) throw new Error(`README.md has no place for ${name}`)
  writeFileSync(readme, before.replace(marks, (_, open: string, close: string) => `${open}\n${text}\n\n${close}`))
}

// What the figures were measured on and with.
const machine = () => {
  const versionOf = (name: string) => {
    const installed: { readonly version: string } = JSON.parse(
      readFileSync(pathOf(`../node_modules/${name}/package.json`), "utf8")
    )
    return `${name} ${installed.version}`
  }
  const peers = Object.keys(manifest.devDependencies).filter((name) => !name.startsWith("@bulk-operations/"))
  const memory = Math.round(totalmem() / 2 ** 30)
  const processor = cpus()[0]?.model.trim() ?? "an unknown processor"
  return [
    `- ${processor}, ${availableParallelism()} cores, ${memory} GiB, ${type()}, Node ${process.versions.node}`,
    `- ${["effect", "@effect/platform-node", ...peers].map(versionOf).join(", ")}`
  ].join("\n")
}

const { positionals: names, values: { quick } } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false } }
})
// "economy" are all that begin with "economy/".
const isOf = (benchmark: string) => (name: string) => benchmark === name || benchmark.startsWith(`${name}/`)
const unknown = names.find((name) => !Object.keys(benchmarks).some((benchmark) => isOf(benchmark)(name)))
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(benchmarks).join(", ")}, and --quick.`)
  process.exit(2)
}

const broken: Array<Limit> = []
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (names.length > 0 && !names.some(isOf(name))) continue
  const began = performance.now()
  const { limits, markdown } = await benchmark({ quick })
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  const text = [...(quick ? [] : [markdown]), limitsTable(limits)].join("\n\n")
  console.log(`\n## ${name} (${seconds} s)\n\n${text}`)
  broken.push(...limits.filter(({ limit, measured }) => !(measured <= limit * (quick ? slack : 1))))
  if (!quick) write(name, text)
}
if (!quick) {
  write("machine", machine())
  execFileSync("node_modules/.bin/dprint", ["fmt", "benchmarks/README.md"], { cwd: pathOf(".."), stdio: "inherit" })
}
if (broken.length > 0) {
  console.error(`\nNot within the limits${quick ? ", even with a third of slack" : ""}:`)
  for (const { limit, measured, what } of broken) {
    console.error(`- ${what}: ${figure(measured)}, at most ${figure(limit)}`)
  }
  process.exitCode = 1
}
