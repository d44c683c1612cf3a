/**
 * One status get: what asking Cloudflare once costs, against a server in a process of its own.
 */
import { fileURLToPath } from "node:url"
import type { Order } from "../harness/child.ts"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, type Report, spread, table } from "../harness/report.ts"
import { type Entry, measure, type Measured } from "../harness/rounds.ts"

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const floor = "undici.request + JSON.parse"
const unchecked = "Effect's HttpClient on undici, nothing checked"
const official = "cloudflare (official)"
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
    entry("fetch + json()", "contenders/fetch.ts")
  ]
}

const of = (measured: ReadonlyArray<Measured>, name: string): ReadonlyArray<number> =>
  measured.find((contender) => contender.name === name)?.cpu ?? []

// Cloudflare allows four requests a second: it is enough to cost about what one would use instead, and little more where
// each request is traced, which the official package does not do. README.md says why the aims are not reached.
const limitsOf = (answers: "sized" | "chunked", measured: ReadonlyArray<Measured>): ReadonlyArray<Limit> => {
  const timesOfficial = (transport: string, tracing: string, limit: number, aim = limit): Limit => ({
    what: `${oursOn(transport, tracing)}, times ${official}, ${answers}`,
    measured: middle(ratios(of(measured, oursOn(transport, tracing)), of(measured, official))),
    limit,
    ...(aim < limit && { aim })
  })
  const sized = answers === "sized"
  return [
    timesOfficial("undici", "off", sized ? 1 : 1.25, 1),
    timesOfficial("fetch", "off", sized ? 1.2 : 1.4, 1),
    timesOfficial("undici", "on", sized ? 1.25 : 1.35, 1.25),
    timesOfficial("fetch", "on", 1.4)
  ]
}

const rowsOf = (measured: ReadonlyArray<Measured>) =>
  measured.map(({ cpu, name, wall }) => [
    name,
    spread(cpu),
    spread(ratios(cpu, of(measured, floor))),
    spread(ratios(cpu, of(measured, official))),
    figure(middle(wall))
  ])

const head = ["per get", "CPU µs", "× undici.request", "× official", "wall µs"]

const section = (
  title: string,
  measured: ReadonlyArray<Measured> = []
) => [`### ${title}`, table(head, rowsOf(measured))]

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
  return {
    markdown: [
      ...section("50 at once", sized),
      ...section("One after the other", oneByOne),
      ...section("50 at once, answers without a content-length (chunked)", chunked),
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
