/**
 * The simulator: status calls a second beside a bare server, and what a million items cost to write, to read, page by
 * page, and to keep.
 *
 * As a program it serves a simulator, or does the work on items, in a process of its own.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { Duration, Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { operationId } from "./harness/contender.ts"
import * as Processes from "./harness/processes.ts"
import { type Benchmark, figure, middle, ratios, spread, table } from "./harness/report.ts"
import { floorName } from "./status.ts"

interface Task {
  readonly work: "serve" | "items"
  /** How many operations are under way, or items are written. */
  readonly count: number
}

const serve = Effect.fnUntraced(function*(operations: number) {
  const { baseUrl, startOperation } = yield* Simulator.Simulator
  yield* startOperation({ id: operationId, pendingFor: 0 })
  yield* Effect.replicateEffect(startOperation(), operations - 1, { discard: true })
  process.send?.({ baseUrl })
  process.on("disconnect", () => process.exit())
  return yield* Effect.never
})

/** Seconds, but for the MiB `kept` of a write that has ended. */
interface Items {
  readonly written: number
  readonly read: number
  readonly smallPage: number
  readonly largePage: number
  readonly kept: number
}

const perWrite = 50_000

const itemsOf = Effect.fnUntraced(function*(listId: string) {
  const { baseUrl } = yield* Simulator.Simulator
  return `${baseUrl}/accounts/${Simulator.accountId}/rules/lists/${listId}/items`
})

const send = (request: HttpClientRequest.HttpClientRequest) =>
  HttpClient.execute(HttpClientRequest.bearerToken(request, "any-token"))

const address = (n: number) => `${10 + (n >> 24)}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`

const write = Effect.fnUntraced(function*(method: "POST" | "PUT", listId: string, from: number, length: number) {
  const items = Array.from({ length }, (_, n) => ({ ip: address(from + n) }))
  const request = HttpClientRequest.make(method)(yield* itemsOf(listId))
  const { status } = yield* send(HttpClientRequest.bodyJsonUnsafe(request, items))
  if (status !== 200) throw new Error(`A write was answered with ${status}`)
})

const readPage = Effect.fnUntraced(function*(listId: string, query: string) {
  const response = yield* send(HttpClientRequest.get(`${yield* itemsOf(listId)}?per_page=500${query}`))
  const text = yield* response.text
  return { items: text.split(`"ip":`).length - 1, after: /"after":"([^"]*)"/.exec(text)?.[1] }
})

const readAll = Effect.fnUntraced(function*(listId: string, count: number) {
  let page = yield* readPage(listId, "")
  let items = page.items
  while (page.after !== undefined) {
    page = yield* readPage(listId, `&cursor=${page.after}`)
    items += page.items
  }
  if (items !== count) throw new Error(`${items} of ${count} items were read`)
})

const secondsOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toSeconds(duration))

const secondsPerPage = (listId: string) =>
  Effect.map(secondsOf(Effect.replicateEffect(readPage(listId, ""), 200)), (seconds) => seconds / 200)

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1024 / 1024
}

const costs = Effect.fnUntraced(function*(count: number) {
  const { createList } = yield* Simulator.Simulator
  const small = yield* createList({ name: "small", kind: "ip" })
  yield* write("PUT", small, 0, 1000)
  yield* secondsPerPage(small)
  const smallPage = yield* secondsPerPage(small)
  const large = yield* createList({ name: "large", kind: "ip" })
  const writes = Array.from({ length: count / perWrite }, (_, n) => write("POST", large, n * perWrite, perWrite))
  const written = yield* secondsOf(Effect.all(writes))
  const read = yield* secondsOf(readAll(large, count))
  const largePage = yield* secondsPerPage(large)
  // What writes leave behind when the next one has replaced their items. The first half fills the log of requests.
  const replaced = yield* createList({ name: "replaced", kind: "ip" })
  yield* Effect.replicateEffect(write("PUT", replaced, 0, perWrite), writes.length / 2, { discard: true })
  const before = heap()
  yield* Effect.replicateEffect(write("PUT", replaced, 0, perWrite), writes.length, { discard: true })
  const kept = Math.max(0, heap() - before) / writes.length
  const answer: Items = { written, read, smallPage, largePage, kept }
  process.send?.(answer, () => process.exit())
})

const limits = { requests: Infinity, pendingOperations: Infinity }

const carryOut = ({ count, work }: Task) =>
  work === "serve"
    // The ends of its operations lie in a future where nothing of this benchmark gets.
    ? Effect.provide(serve(count), SimulatorServer.layer({ duration: "1 day", limits }))
    : Effect.provide(costs(count), Simulator.layerHttpClient({ duration: 0, limits }))

const start = (task: Task) => Processes.start(import.meta.filename, task)

const startServer = async (count: number) => {
  const child = start({ work: "serve", count })
  return { child, ...await Processes.answer<{ readonly baseUrl: string }>(child) }
}

// Microseconds for each status call, round by round.
const measureCalls = async (quick: boolean) => {
  const bare = await Processes.startCounterpart()
  const idle = await startServer(1)
  const busy = await startServer(10_000)
  const entries = [`${bare.origin}/client/v4`, idle.baseUrl, busy.baseUrl].map((baseUrl) => ({
    module: `${import.meta.dirname}/status.ts`,
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
  const items = await Processes.answer<Items>(start({ work: "items", count }))
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

if (import.meta.main) await Effect.runPromise(carryOut(Processes.task()))
