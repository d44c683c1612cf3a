/**
 * What 1,000,000 items cost, in a process of its own: to write, to read, page by page, and to keep.
 */
import { Simulator } from "@bulk-operations/simulator"
import { Duration, Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const count = Number(process.argv[2])
const perWrite = 50_000
const replacements = count / perWrite

const heap = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 1024 / 1024
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toSeconds(duration))

const address = (n: number) => `${10 + (n >> 24)}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`

const write = Effect.fnUntraced(function*(method: "POST" | "PUT", id: string, from: number, length: number) {
  const { baseUrl } = yield* Simulator.Simulator
  const items = Array.from({ length }, (_, n) => ({ ip: address(from + n) }))
  const url = `${baseUrl}/accounts/${Simulator.accountId}/rules/lists/${id}/items`
  const { status } = yield* HttpClientRequest.make(method)(url).pipe(
    HttpClientRequest.bearerToken("any-token"),
    HttpClientRequest.bodyJsonUnsafe(items),
    HttpClient.execute
  )
  if (status !== 200) throw new Error(`A write was answered with ${status}`)
})

const readPage = Effect.fnUntraced(function*(id: string, query: string) {
  const { baseUrl } = yield* Simulator.Simulator
  const url = `${baseUrl}/accounts/${Simulator.accountId}/rules/lists/${id}/items?per_page=500${query}`
  const response = yield* HttpClient.execute(
    HttpClientRequest.get(url).pipe(HttpClientRequest.bearerToken("any-token"))
  )
  const text = yield* response.text
  return { items: text.split(`"ip":`).length - 1, after: /"after":"([^"]*)"/.exec(text)?.[1] }
})

const readAll = Effect.fnUntraced(function*(id: string) {
  let items = 0
  let cursor: string | undefined = ""
  while (cursor !== undefined) {
    const page: { readonly items: number; readonly after: string | undefined } = yield* readPage(id, cursor)
    items += page.items
    cursor = page.after === undefined ? undefined : `&cursor=${page.after}`
  }
  if (items !== count) throw new Error(`${items} of ${count} items were read`)
})

const perPage = (id: string) =>
  Effect.map(timed(Effect.forEach(Array.from({ length: 200 }), () => readPage(id, ""))), (seconds) => seconds / 200)

const program = Effect.gen(function*() {
  const { createList } = yield* Simulator.Simulator
  const small = yield* createList({ name: "small", kind: "ip" })
  yield* write("PUT", small, 0, 1000)
  yield* perPage(small)
  const smallPage = yield* perPage(small)
  const large = yield* createList({ name: "large", kind: "ip" })
  const written = yield* timed(
    Effect.forEach(
      Array.from({ length: count / perWrite }, (_, n) => n * perWrite),
      (from) => write("POST", large, from, perWrite)
    )
  )
  const read = yield* timed(readAll(large))
  const largePage = yield* perPage(large)
  // What writes leave behind when the next one has replaced their items. The first half fills the log of requests.
  const other = yield* createList({ name: "other", kind: "ip" })
  for (let n = 0; n < replacements / 2; n++) yield* write("PUT", other, 0, perWrite)
  const before = heap()
  for (let n = 0; n < replacements; n++) yield* write("PUT", other, 0, perWrite)
  const kept = (heap() - before) / replacements
  return { written, read, smallPage, largePage, kept }
})

process.send?.(
  await Effect.runPromise(Effect.provide(
    program,
    Simulator.layerHttpClient({
      duration: 0,
      limits: { requests: Infinity }
    })
  ))
)
process.disconnect?.()
