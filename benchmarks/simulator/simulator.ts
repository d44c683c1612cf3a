/**
 * The simulator: status calls a second beside a bare server, and what a million items cost.
 */
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, middle, ratios, spread, table } from "../harness/report.ts"
import { floorName } from "../status/contenders.ts"
import type { Items } from "./child.ts"

const start = (work: "serve" | "items", count: number) =>
  Processes.start(`${import.meta.dirname}/child.ts`, [work, `${count}`])

const serve = async (operations: number) => {
  const child = start("serve", operations)
  return { child, ...await Processes.answer<{ readonly baseUrl: string }>(child) }
}

// Microseconds for each status call, round by round.
const measureCalls = async (quick: boolean) => {
  const bare = await Processes.startCounterpart()
  const idle = await serve(1)
  const busy = await serve(10_000)
  const entries = [`${bare.origin}/client/v4`, idle.baseUrl, busy.baseUrl].map((baseUrl) => ({
    module: `${import.meta.dirname}/../status/contenders.ts`,
    name: floorName,
    setup: { baseUrl }
  }))
  const measured = await Processes.measure(entries, {
    warmUp: { count: 3000, concurrency: 50 },
    order: { count: quick ? 2000 : 5000, concurrency: 50 },
    rounds: quick ? 5 : 11
  })
  bare.stop()
  for (const { child } of [idle, busy]) child.disconnect()
  return measured.map(({ wall }) => wall)
}

const callsASecond = (micros: ReadonlyArray<number>) => spread(micros.map((one) => 1e6 / one))

export const run: Benchmark = async ({ quick }) => {
  const count = quick ? 100_000 : 1_000_000
  const [bare = [], idle = [], busy = []] = await measureCalls(quick)
  const items = await Processes.answer<Items>(start("items", count))
  return {
    markdown: [
      table(["status calls a second, 50 at once", "", "× bare"], [
        ["bare `node:http` server", callsASecond(bare), "1.00"],
        ["simulator, one operation open", callsASecond(idle), spread(ratios(bare, idle))],
        ["simulator, 10,000 operations open", callsASecond(busy), spread(ratios(bare, busy))]
      ]),
      table([`${count.toLocaleString("en")} items`, ""], [
        ["written, 50,000 at a time", `${figure(items.written)} s`],
        ["read, 500 a page", `${figure(items.read)} s`],
        ["a page of 500 of them", `${figure(items.largePage * 1000)} ms`],
        ["a page of 500 of a list of 1,000", `${figure(items.smallPage * 1000)} ms`],
        ["kept of a write of 50,000 that has ended", `${figure(items.kept)} MiB`]
      ])
    ].join("\n\n"),
    limits: [
      { what: "bare server, times simulator, calls a second", measured: middle(ratios(idle, bare)), limit: 1 / 0.6 },
      {
        what: "one operation open, times 10,000 open, calls a second",
        measured: middle(ratios(busy, idle)),
        limit: 1.25
      },
      {
        what: "a page of a large list, times one of a small list",
        measured: items.largePage / items.smallPage,
        limit: 2
      },
      { what: "MiB kept of a write of 50,000 that has ended", measured: items.kept, limit: 0.5 }
    ]
  }
}
