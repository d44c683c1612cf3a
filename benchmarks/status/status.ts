/**
 * One status get: what asking Cloudflare once costs, against a server in a process of its own.
 */
import { fileURLToPath } from "node:url"
import type { Order, Parts } from "../harness/child.ts"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, type Report, spread, table } from "../harness/report.ts"
import { type Entry, measure, type Measured, profile } from "../harness/rounds.ts"
import { ratio, summarize } from "../harness/statistics.ts"

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const floor = "undici.request + JSON.parse"
const unchecked = "Effect's HttpClient on undici, nothing checked"
const official = "cloudflare (official)"
const distilled = "@distilled.cloud/cloudflare, tracing off"
const oursOn = (transport: string, tracing: string) => `ours on ${transport}, tracing ${tracing}`

const contenders = (baseUrl: string, quick: boolean): ReadonlyArray<Entry> => {
  const entry = (name: string, path: string, setup: Record<string, string> = {}): Entry => ({
    name,
    module: moduleAt(path),
    setup: { baseUrl, ...setup }
  })
  const ours = (transport: string, tracing: string) =>
    entry(oursOn(transport, tracing), "contenders/ours.ts", { transport, tracing })
  const limited = [
    entry(official, "contenders/official.ts"),
    ours("undici", "off"),
    ours("undici", "on"),
    ours("fetch", "off"),
    ours("fetch", "on")
  ]
  return quick ? limited : [
    entry(floor, "contenders/undici.ts"),
    entry(unchecked, "contenders/minimal.ts"),
    ...limited,
    entry(distilled, "../distilled/status.js", { tracing: "off" }),
    entry("@distilled.cloud/cloudflare, tracing on", "../distilled/status.js", { tracing: "on" }),
    entry("fetch + json()", "contenders/fetch.ts")
  ]
}

const of = (measured: ReadonlyArray<Measured>, name: string): ReadonlyArray<number> =>
  measured.find((contender) => contender.name === name)?.cpu ?? []

// Cloudflare allows four requests a second: it is enough to cost no more than what one would use instead, and little
// more where each request is traced, which the official package does not do.
const limitsOf = (answers: string, measured: ReadonlyArray<Measured>): ReadonlyArray<Limit> => {
  const timesOfficial = (transport: string, tracing: string, limit: number): Limit => ({
    what: `${oursOn(transport, tracing)}, times ${official}, ${answers}`,
    measured: ratio(of(measured, oursOn(transport, tracing)), of(measured, official)).median,
    limit
  })
  return [
    timesOfficial("undici", "off", 1),
    timesOfficial("fetch", "off", 1),
    timesOfficial("undici", "on", 1.25),
    timesOfficial("fetch", "on", 1.4)
  ]
}

const rowsOf = (measured: ReadonlyArray<Measured>) =>
  measured.map(({ cpu, name, wall }) => [
    name,
    spread(summarize(cpu)),
    spread(ratio(cpu, of(measured, floor))),
    spread(ratio(cpu, of(measured, official))),
    figure(summarize(wall).median)
  ])

const head = ["per get", "CPU µs", "× undici.request", "× official", "wall µs"]

const section = (
  title: string,
  measured: ReadonlyArray<Measured> = []
) => [`### ${title}`, table(head, rowsOf(measured))]

const profileOf = (names: ReadonlyArray<string>, profiles: ReadonlyArray<Parts>) => {
  const owners = [...new Set(profiles.flatMap((parts) => Object.keys(parts)))]
  const totals = profiles.map((parts) => Object.values(parts).reduce((sum, micros) => sum + micros, 0))
  const most = (owner: string) => Math.max(...profiles.map((parts) => parts[owner] ?? 0))
  return table(["µs per get, by the profiler", ...names], [
    ...owners.toSorted((left, right) => most(right) - most(left))
      .map((owner) => [owner, ...profiles.map((parts) => figure(parts[owner] ?? 0))]),
    ["all", ...totals.map(figure)]
  ])
}

const warmUp = (count: number): Order => ({ count, concurrency: 50 })

const quickly = async (baseUrl: string): Promise<Report> => {
  const orders = [{ count: 400, concurrency: 50 }]
  const [measured = []] = await measure(contenders(baseUrl, true), { warmUp: warmUp(2500), orders, rounds: 5 })
  return { markdown: table(head, rowsOf(measured)), limits: limitsOf("sized", measured) }
}

const thoroughly = async (baseUrl: string, chunkedUrl: string): Promise<Report> => {
  const atOnce = { count: 1500, concurrency: 50 }
  const options = { warmUp: warmUp(15_000), rounds: 15 }
  const [sized, oneByOne] = await measure(contenders(baseUrl, false), {
    ...options,
    orders: [atOnce, { count: 500, concurrency: 1 }]
  })
  const [chunked] = await measure(contenders(chunkedUrl, false), { ...options, orders: [atOnce] })
  const names = new Set([floor, unchecked, oursOn("undici", "off"), oursOn("undici", "on"), official])
  const profiled = contenders(baseUrl, false).filter(({ name }) => names.has(name))
  const profiles = await profile(profiled, options.warmUp, { count: 15_000, concurrency: 50, profile: true })
  return {
    markdown: [
      ...section("50 at once", sized),
      ...section("One after the other", oneByOne),
      ...section("50 at once, answers without a content-length (chunked)", chunked),
      "### Where the time goes, 50 at once",
      profileOf(profiled.map(({ name }) => name), profiles),
      "### Limits, of the CPU of 50 at once"
    ].join("\n\n"),
    limits: [...limitsOf("sized", sized ?? []), ...limitsOf("chunked", chunked ?? [])]
  }
}

export const run: Benchmark = async ({ quick }) => {
  const server = Processes.start(moduleAt("counterpart.ts"))
  const { port } = await Processes.answer<{ readonly port: number }>(server)
  const url = (path: string) => `http://127.0.0.1:${port}${path}/client/v4`
  const report = await (quick ? quickly(url("")) : thoroughly(url(""), url("/chunked")))
  Processes.stop(server)
  return report
}
