/**
 * One status get: what asking Cloudflare once costs, against a server in a process of its own.
 */
import type { Order } from "../harness/child.ts"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, spread, table } from "../harness/report.ts"
import { type Entry, measure, type Measured } from "../harness/rounds.ts"
import { ratio, summarize } from "../harness/statistics.ts"

const moduleAt = (path: string) => new URL(path, import.meta.url).pathname

const contenders = (baseUrl: string, quick: boolean): ReadonlyArray<Entry> => {
  const entry = (name: string, path: string, setup: Record<string, string> = {}): Entry => ({
    name,
    module: moduleAt(path),
    setup: { baseUrl, ...setup }
  })
  const ours = (transport: string, tracing: string) =>
    entry(`ours on ${transport}, tracing ${tracing}`, "contenders/ours.ts", { transport, tracing })
  const limited = [
    entry("undici.request + JSON.parse", "contenders/undici.ts"),
    ours("undici", "off"),
    ours("undici", "on"),
    entry("cloudflare (official)", "contenders/official.ts"),
    ours("fetch", "off"),
    entry("@distilled.cloud/cloudflare, tracing off", "../distilled/status.js", { tracing: "off" })
  ]
  return quick ? limited : [
    ...limited,
    ours("fetch", "on"),
    entry("@distilled.cloud/cloudflare, tracing on", "../distilled/status.js", { tracing: "on" }),
    entry("fetch + json()", "contenders/fetch.ts"),
    entry("Effect's HttpClient on undici, nothing checked", "contenders/minimal.ts")
  ]
}

const of = (measured: ReadonlyArray<Measured>, name: string): ReadonlyArray<number> =>
  measured.find((contender) => contender.name === name)?.cpu ?? []

const limitsOf = (measured: ReadonlyArray<Measured>): ReadonlyArray<Limit> => {
  const limit = (what: string, ours: string, theirs: string, limit: number): Limit => ({
    what: `${what} (CPU, 50 at once)`,
    measured: ratio(of(measured, ours), of(measured, theirs)).median,
    limit
  })
  const floor = "undici.request + JSON.parse"
  const official = "cloudflare (official)"
  return [
    limit("ours on undici untraced, times undici.request", "ours on undici, tracing off", floor, 1.6),
    limit("ours on undici traced, times undici.request", "ours on undici, tracing on", floor, 2.1),
    limit("ours on undici untraced, times the official package", "ours on undici, tracing off", official, 0.4),
    limit("ours on fetch untraced, times the official package", "ours on fetch, tracing off", official, 1),
    limit(
      "ours on undici untraced, times distilled",
      "ours on undici, tracing off",
      "@distilled.cloud/cloudflare, tracing off",
      0.3
    )
  ]
}

const rowsOf = (measured: ReadonlyArray<Measured>) => {
  const floor = measured[0]?.cpu ?? []
  const official = of(measured, "cloudflare (official)")
  return measured.map(({ cpu, name, wall }) => [
    name,
    spread(summarize(cpu)),
    spread(ratio(cpu, floor)),
    spread(ratio(cpu, official)),
    figure(summarize(wall).median)
  ])
}

const head = ["per get", "CPU µs", "× undici.request", "× official", "wall µs"]

export const run: Benchmark = async ({ quick }) => {
  const server = Processes.start(moduleAt("counterpart.ts"))
  const { port } = await Processes.answer<{ readonly port: number }>(server)
  const orders: ReadonlyArray<Order> = quick
    ? [{ count: 500, concurrency: 50 }]
    : [{ count: 1500, concurrency: 50 }, { count: 500, concurrency: 1 }]
  const rounds = quick ? 9 : 21
  const url = (path: string) => `http://127.0.0.1:${port}${path}/client/v4`
  const sized = await measure(contenders(url(""), quick), orders, rounds)
  const chunked = quick ? [] : await measure(contenders(url("/chunked"), quick), orders, rounds)
  Processes.stop(server)
  const section = (title: string, measured: ReadonlyArray<Measured> | undefined) =>
    measured === undefined ? [] : [`### ${title}`, table(head, rowsOf(measured))]
  return {
    markdown: [
      ...section("50 at once", sized[0]),
      ...section("One after the other", sized[1]),
      ...section("50 at once, answers without a content-length (chunked)", chunked[0]),
      ...section("One after the other, answers without a content-length (chunked)", chunked[1])
    ].join("\n\n"),
    limits: limitsOf(sized[0] ?? [])
  }
}
