/**
 * The simulator in a process of its own: `serve` with so many operations under way, or `items`, what so many of them cost
 * to write, to read, page by page, and to keep.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { Duration, Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { operationId } from "../harness/contender.ts"

const [work, argument] = process.argv.slice(2)
const count = Number(argument)

const serve = Effect.gen(function*() {
  const { baseUrl, startOperation } = yield* Simulator.Simulator
  yield* startOperation({ id: operationId, pendingFor: 0 })
  yield* Effect.replicateEffect(startOperation(), count - 1, { discard: true })
  process.send?.({ baseUrl })
  process.on("disconnect", () => process.exit())
  return yield* Effect.never
})

/** Seconds, but for the MiB `kept` of a write that has ended. */
export interface Items {
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

const readAll = Effect.fnUntraced(function*(listId: string) {
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

const items = Effect.gen(function*() {
  const { createList } = yield* Simulator.Simulator
  const small = yield* createList({ name: "small", kind: "ip" })
  yield* write("PUT", small, 0, 1000)
  yield* secondsPerPage(small)
  const smallPage = yield* secondsPerPage(small)
  const large = yield* createList({ name: "large", kind: "ip" })
  const writes = Array.from({ length: count / perWrite }, (_, n) => write("POST", large, n * perWrite, perWrite))
  const written = yield* secondsOf(Effect.all(writes))
  const read = yield* secondsOf(readAll(large))
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

await Effect.runPromise(
  work === "serve"
    // The ends of its operations lie in a future where nothing of this benchmark gets.
    ? Effect.provide(serve, SimulatorServer.layer({ duration: "1 day", limits }))
    : Effect.provide(items, Simulator.layerHttpClient({ duration: 0, limits }))
)
