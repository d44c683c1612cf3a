/**
 * Lists: what it costs to read a long list, and to check, encode and compare many items.
 */
import { fileURLToPath } from "node:url"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, type Limit, spread, table } from "../harness/report.ts"
import { type Entry, measure } from "../harness/rounds.ts"
import { ratio, summarize } from "../harness/statistics.ts"
import type { Once } from "./once.ts"

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const ours = "ours on undici"
const official = "cloudflare (official), 500 a page"

const readers = (baseUrl: string): ReadonlyArray<Entry> => {
  const entry = (name: string, path: string, setup: Record<string, string> = {}): Entry => ({
    name,
    module: moduleAt(`contenders/${path}.ts`),
    setup: { baseUrl, ...setup }
  })
  return [
    entry("undici.request + JSON.parse", "undici"),
    entry(ours, "ours", { transport: "undici" }),
    entry("ours on fetch", "ours", { transport: "fetch" }),
    entry(official, "official", { perPage: "500" }),
    entry("cloudflare (official), its default of 25", "official")
  ]
}

const once = async ({ module, setup }: Entry, count: number): Promise<Once> => {
  const child = Processes.start(moduleAt("once.ts"), [module, JSON.stringify(setup), String(count)])
  const answer = await Processes.answer<Once>(child)
  Processes.stop(child)
  return answer
}

const work = (name: string, work: string, limit: number) => ({
  entry: { name, module: moduleAt("contenders/work.ts"), setup: { work } },
  limit
})

const works = [
  work("check, normalize and encode 100,000 items", "write", 5),
  work("check 100,000 items and compare them with 100,000", "sync", 10)
]

export const run: Benchmark = async ({ quick }) => {
  const server = Processes.start(moduleAt("counterpart.ts"))
  const { port } = await Processes.answer<{ readonly port: number }>(server)
  const entries = readers(`http://127.0.0.1:${port}/client/v4`)
  const pages = { count: quick ? 25_000 : 100_000, concurrency: 1 }
  const [measured = []] = await measure(entries, {
    warmUp: pages,
    orders: [pages],
    rounds: quick ? 3 : 5
  })
  const cpuOf = (name: string) => measured.find((contender) => contender.name === name)?.cpu ?? []
  const whole: Array<Once> = []
  // Its default would take longest of all, and what it keeps does not depend on the size of pages.
  for (const entry of entries.slice(0, -1)) whole.push(await once(entry, quick ? 100_000 : 1_000_000))
  Processes.stop(server)
  const worked: Array<Once> = []
  for (const { entry } of works) worked.push(await once(entry, 100_000))
  const limits: ReadonlyArray<Limit> = [
    {
      what: `CPU of ${ours}, times the official package with 500 a page`,
      measured: ratio(cpuOf(ours), cpuOf(official)).median,
      limit: 1.2
    },
    {
      what: `peak memory of ${ours}, times the official package's`,
      measured: (whole[1]?.memory ?? Number.NaN) / (whole[3]?.memory ?? Number.NaN),
      limit: 1.5
    },
    ...works.flatMap(({ entry, limit }, index) => [
      { what: `seconds to ${entry.name}`, measured: worked[index]?.wall ?? Number.NaN, limit },
      { what: `MiB to ${entry.name}`, measured: worked[index]?.memory ?? Number.NaN, limit: 512 }
    ])
  ]
  return {
    markdown: [
      table(
        ["reading a list", "CPU µs per item", "× official", "items per second", "peak MiB"],
        measured.map(({ cpu, name, wall }, index) => [
          name,
          spread(summarize(cpu)),
          spread(ratio(cpu, cpuOf(official))),
          figure(1e6 / summarize(wall).median),
          whole[index] === undefined ? "" : figure(whole[index].memory)
        ])
      ),
      table(
        ["in memory", "seconds", "peak MiB"],
        works.map((
          { entry },
          index
        ) => [entry.name, figure(worked[index]?.wall ?? Number.NaN), figure(worked[index]?.memory ?? Number.NaN)])
      )
    ].join("\n\n"),
    limits
  }
}
