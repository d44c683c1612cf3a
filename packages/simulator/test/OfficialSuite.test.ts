import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import Cloudflare from "cloudflare"
import { Effect } from "effect"

// The calls that the official package's own tests make for rules/lists, with their ids, which the simulator is given.
const account_id = "023e105f4ecef8ad9ca31a8372d0c353"
const listId = "2c0fc9fa937b11eaa1b71c4d701ab86e"
const itemId = "34b12448945f11eaa1b71c4d701ab86e"
const operationId = "4da8780eeb215e6cb7f48dd981c4ea02"

const everyKindAtOnce = {
  asn: 5567,
  hostname: { url_hostname: "example.com" },
  ip: "10.0.0.1",
  redirect: { source_url: "example.com/arch", target_url: "https://archlinux.org/" }
}

interface Answered {
  readonly withResponse: () => Promise<{ readonly data: unknown; readonly response: Response }>
}

type Lists = Cloudflare["rules"]["lists"]

interface Call {
  readonly name: string
  readonly run: (lists: Lists) => Answered
  /** The code of the refusal. The mock server of that suite takes what the schema allows, and Cloudflare less. */
  readonly refused?: number
}

const calls: ReadonlyArray<Call> = [
  { name: "lists.create", run: (lists) => lists.create({ account_id, kind: "ip", name: "list1" }) },
  {
    name: "lists.create with a description",
    run: (lists) => lists.create({ account_id, kind: "ip", name: "list1", description: "This is a note" })
  },
  { name: "lists.update", run: (lists) => lists.update(listId, { account_id }) },
  {
    name: "lists.update with a description",
    run: (lists) => lists.update(listId, { account_id, description: "This is a note" })
  },
  { name: "lists.list", run: (lists) => lists.list({ account_id }) },
  { name: "lists.delete", run: (lists) => lists.delete(listId, { account_id }) },
  { name: "lists.get", run: (lists) => lists.get(listId, { account_id }) },
  { name: "bulkOperations.get", run: (lists) => lists.bulkOperations.get(operationId, { account_id }) },
  { name: "items.create", run: (lists) => lists.items.create(listId, { account_id, body: [{ ip: "10.0.0.1" }] }) },
  {
    name: "items.create with a comment",
    run: (lists) =>
      lists.items.create(listId, { account_id, body: [{ ip: "10.0.0.1", comment: "Private IP address" }] })
  },
  {
    name: "items.create of all kinds at once",
    run: (lists) => lists.items.create(listId, { account_id, body: [everyKindAtOnce] }),
    refused: 10026
  },
  { name: "items.update", run: (lists) => lists.items.update(listId, { account_id, body: [{ ip: "10.0.0.1" }] }) },
  {
    name: "items.update of all kinds at once",
    run: (lists) => lists.items.update(listId, { account_id, body: [everyKindAtOnce] }),
    refused: 10026
  },
  { name: "items.list", run: (lists) => lists.items.list(listId, { account_id }) },
  {
    name: "items.list with a page and a search",
    run: (lists) => lists.items.list(listId, { account_id, per_page: 1, search: "1.1.1." })
  },
  {
    name: "items.list with a cursor that is none",
    run: (lists) => lists.items.list(listId, { account_id, cursor: "zzz", per_page: 1, search: "1.1.1." }),
    refused: 10027
  },
  { name: "items.delete without items", run: (lists) => lists.items.delete(listId, { account_id }), refused: 10026 },
  {
    name: "items.delete",
    run: (lists) => lists.items.delete(listId, { account_id, items: [{ id: itemId }] })
  },
  { name: "items.get", run: (lists) => lists.items.get(itemId, { account_id, list_id: listId }) }
]

const setUp = Effect.gen(function*() {
  const { baseUrl, createList, startOperation } = yield* Simulator.Simulator
  const items = [{ id: itemId, ip: "1.1.1.1" }, { ip: "1.1.1.2" }]
  yield* createList({ id: listId, name: "given", kind: "ip", items })
  yield* startOperation({ id: operationId, duration: 0 })
  const apiKey = "144c9defac04969c7bfad8efaa8ea194"
  return new Cloudflare({ apiKey, apiEmail: "user@example.com", baseURL: baseUrl, maxRetries: 0 }).rules.lists
})

const outcome = (promise: Answered) =>
  Effect.promise(() =>
    promise.withResponse().then(
      ({ data, response }) => [response.status, data !== null && data !== undefined],
      (error: unknown) => error instanceof Cloudflare.APIError ? error.errors.map(({ code }) => code) : [String(error)]
    )
  )

describe("the calls of the official package's own suite", () => {
  for (const { name, refused, run } of calls) {
    it.live(`${name} is ${refused === undefined ? "answered" : `refused with ${refused}`}`, () =>
      Effect.gen(function*() {
        const lists = yield* setUp
        assert.deepStrictEqual<unknown>(yield* outcome(run(lists)), refused === undefined ? [200, true] : [refused])
      }).pipe(Effect.provide(SimulatorServer.layer())))
  }

  it.live("a request for an unknown path is refused with 7003", () =>
    Effect.gen(function*() {
      const lists = yield* setUp
      const nowhere = lists.bulkOperations.get(operationId, { account_id }, { path: "/_stainless_unknown_path" })
      assert.deepStrictEqual<unknown>(yield* outcome(nowhere), [7003])
    }).pipe(Effect.provide(SimulatorServer.layer())))
})
