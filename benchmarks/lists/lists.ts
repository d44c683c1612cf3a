/**
 * Lists: what it costs to read a long list, and to check, encode and compare many items.
 */
import { fileURLToPath } from "node:url"
import type { Cost } from "../harness/child.ts"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, middle, ratios, spread, table } from "../harness/report.ts"
import { type Entry, measure, once } from "../harness/rounds.ts"

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const entry = (name: string, contender: string, setup: Record<string, string> = {}): Entry => ({
  name,
  module: moduleAt("contenders.ts"),
  setup: { contender, ...setup }
})

const works: ReadonlyArray<readonly [entry: Entry, seconds: number]> = [
  [entry("check, normalize and encode 100,000 items", "inMemory", { work: "encode" }), 5],
  [entry("check 100,000 items and compare them with 100,000", "inMemory", { work: "compare" }), 10]
]

interface Read {
  readonly name: string
  readonly cpu: ReadonlyArray<number>
  readonly wall: ReadonlyArray<number>
  readonly memory: number
}

const read = async (quick: boolean): Promise<ReadonlyArray<Read>> => {
  const server = Processes.start(moduleAt("counterpart.ts"))
  const { port } = await Processes.answer<{ readonly port: number }>(server)
  const baseUrl = `http://127.0.0.1:${port}/client/v4`
  const readers = [
    entry("undici.request + JSON.parse", "undici", { baseUrl }),
    entry("ours on undici", "ours", { baseUrl, transport: "undici" }),
    entry("ours on fetch", "ours", { baseUrl, transport: "fetch" }),
    entry("cloudflare (official)", "official", { baseUrl })
  ]
  const order = { count: quick ? 25_000 : 100_000, concurrency: 1 }
  const [measured = []] = await measure(readers, { warmUp: order, orders: [order], rounds: quick ? 3 : 5 })
  const reads: Array<Read> = []
  for (const [index, one] of measured.entries()) {
    const reader = readers[index]
    if (reader === undefined) continue
    const { memory } = await once(reader, { count: quick ? 100_000 : 1_000_000, concurrency: 1 })
    reads.push({ ...one, memory })
  }
  Processes.stop(server)
  return reads
}

const nothing: Read = { name: "", cpu: [], wall: [], memory: Number.NaN }

export const run: Benchmark = async ({ quick }) => {
  const reads = await read(quick)
  const [, ours = nothing, , official = nothing] = reads
  const worked: Array<{ readonly name: string; readonly limit: number; readonly cost: Cost }> = []
  for (const [entry, limit] of works) {
    worked.push({ name: entry.name, limit, cost: await once(entry, { count: 100_000, concurrency: 1 }) })
  }
  const limits: ReadonlyArray<Limit> = [
    {
      what: "CPU of ours on undici, times the official package",
      measured: middle(ratios(ours.cpu, official.cpu)),
      limit: 1.2
    },
    {
      what: "peak memory of ours on undici, times the official package's",
      measured: ours.memory / official.memory,
      limit: 1.5
    },
    ...worked.flatMap(({ cost, limit, name }) => [
      { what: `seconds to ${name}`, measured: cost.wall / 1e6, limit },
      { what: `MiB to ${name}`, measured: cost.memory, limit: 512 }
    ])
  ]
  return {
    markdown: [
      table(
        ["reading a list, 500 a page", "CPU µs per item", "× official", "items per second", "peak MiB"],
        reads.map(({ cpu, memory, name, wall }) => [
          name,
          spread(cpu),
          spread(ratios(cpu, official.cpu)),
          figure(1e6 / middle(wall)),
          figure(memory)
        ])
      ),
      table(
        ["in memory", "seconds", "peak MiB"],
        worked.map(({ cost, name }) => [name, figure(cost.wall / 1e6), figure(cost.memory)])
      )
    ].join("\n\n"),
    limits
  }
}
