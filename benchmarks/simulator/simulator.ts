/**
 * The simulator: status calls a second beside a bare server, and what a million items cost.
 */
import { fileURLToPath } from "node:url"
import { Agent, request } from "undici"
import * as Processes from "../harness/processes.ts"
import { type Benchmark, figure, middle, ratios, spread, table } from "../harness/report.ts"

const moduleAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const concurrency = 50

/** Calls a second. */
const load = async (url: string, count: number): Promise<number> => {
  const dispatcher = new Agent({ connections: concurrency })
  let left = count
  const began = performance.now()
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (left-- > 0) {
      const { body, statusCode } = await request(url, { dispatcher, headers: { authorization: "Bearer any-token" } })
      await body.text()
      if (statusCode !== 200) throw new Error(`A status call was answered with ${statusCode}`)
    }
  }))
  const seconds = (performance.now() - began) / 1000
  await dispatcher.close()
  return count / seconds
}

interface Items {
  readonly written: number
  readonly read: number
  readonly smallPage: number
  readonly largePage: number
  readonly kept: number
}

const measureCalls = async (quick: boolean) => {
  const bare = Processes.start(moduleAt("../status/counterpart.ts"))
  const { port } = await Processes.answer<{ readonly port: number }>(bare)
  const idle = Processes.start(moduleAt("server.ts"), ["1"])
  const { url } = await Processes.answer<{ readonly url: string }>(idle)
  const busy = Processes.start(moduleAt("server.ts"), ["10000"])
  const { url: busyUrl } = await Processes.answer<{ readonly url: string }>(busy)
  const servers = [`http://127.0.0.1:${port}/client/v4/an-operation`, url, busyUrl]
  const calls: Array<Array<number>> = servers.map(() => [])
  for (const server of servers) await load(server, 3000)
  for (let round = 0; round < (quick ? 5 : 11); round++) {
    for (const [index, server] of servers.entries()) calls[index]?.push(await load(server, quick ? 2000 : 5000))
  }
  for (const child of [bare, idle, busy]) Processes.stop(child)
  return calls
}

export const run: Benchmark = async ({ quick }) => {
  const count = quick ? 100_000 : 1_000_000
  const [bare = [], idle = [], busy = []] = await measureCalls(quick)
  const items = await Processes.answer<Items>(Processes.start(moduleAt("items.ts"), [`${count}`]))
  return {
    markdown: [
      table(["status calls a second, 50 at once", "", "× bare"], [
        ["bare `node:http` server", spread(bare), "1.00"],
        ["simulator, one operation open", spread(idle), spread(ratios(idle, bare))],
        ["simulator, 10,000 operations open", spread(busy), spread(ratios(busy, bare))]
      ]),
      table([`${count.toLocaleString("en")} items`, ""], [
        ["written, 50,000 at a time", `${figure(items.written)} s`],
        ["read, 500 a page", `${figure(items.read)} s`],
        ["a page of 500 of them", `${figure(items.largePage * 1000)} ms`],
        ["a page of 500 of a list of 1,000", `${figure(items.smallPage * 1000)} ms`],
        ["kept of a write of 50,000 that has ended", `${figure(Math.max(0, items.kept))} MiB`]
      ])
    ].join("\n\n"),
    limits: [
      { what: "bare server, times simulator, calls a second", measured: middle(ratios(bare, idle)), limit: 1 / 0.6 },
      {
        what: "one operation open, times 10,000 open, calls a second",
        measured: middle(ratios(idle, busy)),
        limit: 1.25
      },
      {
        what: "a page of a large list, times one of a small list",
        measured: items.largePage / items.smallPage,
        limit: 2
      },
      { what: "MiB kept of a write of 50,000 that has ended", measured: Math.max(0, items.kept), limit: 0.5 }
    ]
  }
}
