import { CloudflareError, RequestBudget } from "@bulk-operations/core"
import { ListItem, ListItems } from "@bulk-operations/lists"
import { Fault, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Schema, Stream, Struct } from "effect"
import { held, inMemory, ipList, passing, refusing, requestsTo, spansOf } from "./World.ts"

const address = (n: number) => `10.0.${n >>> 8}.${n & 255}`
const addresses = (count: number) => Array.from({ length: count }, (_, n) => address(n))

const envelope = (result: Schema.Json, resultInfo?: Schema.JsonObject) =>
  Fault.wrongShape({
    success: true,
    errors: [],
    messages: [],
    result,
    ...(resultInfo !== undefined && { result_info: resultInfo })
  })

const injected = (fault: Fault.Fault, when?: Fault.When) => Simulator.Simulator.use(({ inject }) => inject(fault, when))

describe("reading items", () => {
  it.effect("returns all of them with 500 per request", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(1234))
      assert.deepStrictEqual(yield* held(listId), addresses(1234))
      assert.deepStrictEqual((yield* requestsTo("lists.items.list")).map(({ url }) => url.includes("per_page=500")), [
        true,
        true,
        true
      ])
    }).pipe(Effect.provide(inMemory())))

  it.effect("requests no more pages than are used", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(1234))
      const items = yield* ListItems.ListItems
      assert.lengthOf(yield* Stream.runCollect(Stream.take(items.stream(listId), 500)), 500)
      assert.lengthOf(yield* requestsTo("lists.items.list"), 1)
    }).pipe(Effect.provide(inMemory())))

  it.effect("returns pages, and continues from the cursor of one", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(10))
      const items = yield* ListItems.ListItems
      const pages = yield* Stream.runCollect(items.pages(listId, { perPage: 4 }))
      assert.deepStrictEqual(pages.map((page) => page.items.length), [4, 4, 2])
      assert.lengthOf(yield* Stream.runCollect(items.pages(listId)), 1)
      const rest = yield* Stream.runCollect(items.stream(listId, { cursor: pages[0]?.after, perPage: 4 }))
      assert.deepStrictEqual(rest.map(ListItem.show), addresses(10).slice(4))
      const page = yield* items.list(listId, { cursor: pages[1]?.before, perPage: 4 })
      assert.deepStrictEqual(page.items.map(ListItem.show), addresses(4))
    }).pipe(Effect.provide(inMemory())))

  it.effect("searches", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1", "198.51.100.1")
      const items = yield* ListItems.ListItems
      const found = yield* Stream.runCollect(items.stream(listId, { search: "192." }))
      assert.deepStrictEqual(found.map(ListItem.show), ["192.0.2.1"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("returns one item by its id", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1")
      const items = yield* ListItems.ListItems
      const [item] = yield* Stream.runCollect(items.stream(listId))
      assert.deepStrictEqual(yield* items.get(listId, item?.id ?? ""), item)
      const error = yield* Effect.flip(items.get(listId, "nothing"))
      assert.strictEqual(error.reason._tag, "NotFound")
    }).pipe(Effect.provide(inMemory())))

  it.effect("is a span with the ids for a stream and for pages, requests included", () =>
    Effect.gen(function*() {
      const items = yield* ListItems.ListItems
      const listId = yield* ipList("192.0.2.1")
      for (const [name, read] of [["stream", items.stream(listId)], ["pages", items.pages(listId)]] as const) {
        const spans = yield* spansOf(Stream.runDrain<unknown, unknown, never>(read))
        assert.deepStrictEqual(
          spans.map(({ attributes, name }) => [name, Object.fromEntries(attributes)]),
          [[`ListItems.${name}`, { "cloudflare.account_id": Simulator.accountId, "cloudflare.list_id": listId }]]
        )
      }
    }).pipe(Effect.provide(inMemory())))

  it.effect("is traced by the name of the call", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1")
      const items = yield* ListItems.ListItems
      const spans = yield* spansOf(
        Effect.flatMap(items.list(listId), (page) => items.get(listId, page.items[0]?.id ?? ""))
      )
      const ids = { "cloudflare.account_id": Simulator.accountId, "cloudflare.list_id": listId }
      assert.deepStrictEqual(spans.map(({ attributes, name }) => [name, Object.fromEntries(attributes)]), [
        ["ListItems.list", ids],
        ["ListItems.get", ids]
      ])
    }).pipe(Effect.provide(inMemory())))

  it.effect("says which id is wrong, and what was not done", () =>
    Effect.gen(function*() {
      const items = yield* ListItems.ListItems
      const wrong: ReadonlyArray<readonly [RegExp, Effect.Effect<unknown, Error>]> = [
        [/account_id: /, items.get("a", "b", { accountId: "a b" })],
        [/list_id: /, items.get("..", "b")],
        [/item_id: /, items.get("a", "..")],
        [/account_id: /, items.list("a", { accountId: "a b" })],
        [/list_id: /, items.list("..")],
        [/perPage: /, items.list("a", { perPage: 0 })],
        [/account_id: /, Stream.runDrain(items.stream("a", { accountId: "a b" }))],
        [/list_id: /, Stream.runDrain(items.pages(".."))],
        [/perPage: /, Stream.runDrain(items.pages("a", { perPage: 0 }))]
      ]
      for (const [text, call] of wrong) {
        const error = yield* Effect.flip(call)
        assert.match(error.message, text)
        assert(error instanceof CloudflareError.CloudflareError)
        assert.deepInclude(error.reason, { _tag: "InvalidRequest", method: "GET" })
      }
    }).pipe(Effect.provide(inMemory())))

  it.effect.each(
    [
      [400, 10027, true, "CursorExpired"],
      [400, 10027, false, "InvalidRequest"],
      [400, 10058, true, "InvalidRequest"],
      [404, 10027, true, "NotFound"],
      [403, 10000, true, "Forbidden"]
    ] as const
  )(
    "refused with %s and %s, where it has a cursor or not (%s), ends with %s",
    ([status, code, has, tag]) =>
      Effect.gen(function*() {
        const items = yield* ListItems.ListItems
        const error = yield* Effect.flip(items.list("a", has ? { cursor: "c" } : {}))
        assert.strictEqual(error._tag === "CursorExpired" ? error._tag : error.reason._tag, tag)
      }).pipe(Effect.provide(refusing(status, code)))
  )

  it.effect("ends at an empty or repeated cursor", () =>
    Effect.gen(function*() {
      const listId = yield* ipList()
      for (const after of ["", "round"]) {
        yield* injected(envelope([{ id: "a", ip: "192.0.2.1" }], { cursors: { after } }))
        assert.lengthOf(yield* held(listId), after === "" ? 1 : 2)
        yield* (yield* Simulator.Simulator).clearFaults
      }
    }).pipe(Effect.provide(inMemory())))

  it.effect("fails with its position if a cursor expires", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(1234))
      const cursor = (yield* (yield* ListItems.ListItems).list(listId)).after
      yield* injected(
        envelope([{ id: "a", ip: "192.0.2.1" }, { id: "b", ip: "192.0.2.2" }], { cursors: { after: "bm9uc2Vuc2U" } }),
        { times: 1 }
      )
      const error = yield* Effect.flip(held(listId))
      assert(error._tag === "CursorExpired")
      assert.deepInclude(error, { listId, cursor: "bm9uc2Vuc2U", itemsBefore: 2 })
      assert.match(error.message, /after 2 items.*from its beginning.*10027/)
      assert.isString(cursor)
    }).pipe(Effect.provide(inMemory())))

  it.effect("refuses a page size that Cloudflare would reject as a wrong cursor", () =>
    Effect.gen(function*() {
      const items = yield* ListItems.ListItems
      for (const perPage of [0, 501, 1.5]) {
        assert.match(
          String(yield* Effect.flip(items.list("a", { perPage }))),
          /from 1 to 500.*lists\/\{list_id\}\/items\)/
        )
      }
      assert.lengthOf(yield* requestsTo("lists.items.list"), 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect("reads items with empty parts, nulls, and forms that could not be written", () =>
    Effect.gen(function*() {
      const times = { created_on: "created_on", modified_on: "2021-10-01T05:20:00.12345Z" }
      yield* injected(envelope([
        { id: "1", ip: "10.0.0.1/32", hostname: {}, redirect: {}, asn: null, comment: null, ...times },
        { id: "2", asn: 0, comment: "" },
        { id: "3", hostname: { url_hostname: "NOT a hostname", exclude_exact_hostname: null } },
        {
          id: "4",
          redirect: { source_url: "*.x", target_url: "", status_code: 399, subpath_matching: null, something: "new" }
        },
        { id: "5", ip: "1.2.3.4/1", comment: "x".repeat(600) }
      ]))
      const items = yield* ListItems.ListItems
      assert.deepStrictEqual(yield* Stream.runCollect(items.stream("any")), [
        { kind: "ip", ip: "10.0.0.1/32", id: "1", ...times },
        { kind: "asn", asn: 0, id: "2" },
        { kind: "hostname", hostname: { url_hostname: "NOT a hostname" }, id: "3" },
        { kind: "redirect", redirect: { source_url: "*.x", target_url: "", status_code: 399 }, id: "4" },
        { kind: "ip", ip: "1.2.3.4/1", comment: "x".repeat(600), id: "5" }
      ])
    }).pipe(Effect.provide(inMemory())))

  it.effect("reads items as others have recorded them", () =>
    Effect.gen(function*() {
      const times = { created_on: "2024-10-24T04:23:10Z", modified_on: "2021-10-01T05:20:00.12345Z" }
      const flags = {
        include_subdomains: false,
        preserve_query_string: false,
        subpath_matching: false,
        status_code: 301
      }
      const recorded = [
        {
          comment: "okhejrsmza",
          id: "6cafa626bdb6453fac7a9be3aacf73ca",
          ...times,
          redirect: {
            ...flags,
            preserve_path_suffix: false,
            source_url: "example.com/",
            target_url: "https://example1.com"
          }
        },
        {
          id: "7c5dae5552338874e5053f2534d2767a",
          redirect: {
            ...flags,
            preserve_path_suffix: true,
            source_url: "https://example.com/blog",
            target_url: "https://example.com/blog/latest"
          },
          ...times
        },
        {
          id: "0123456789abcdef0123456789abcdef",
          hostname: { url_hostname: "*.example.com", exclude_exact_hostname: true },
          ...times
        },
        { id: "7c5dae5552338874e5053f2534d2767a", asn: 13335, comment: "My provider's ASN", ...times },
        { id: "id1", ip: "ip1", created_on: "created_on", modified_on: "modified_on" },
        { id: "9282225648054699b188d9d152e6107a", ip: "120.2.2.8", ...times },
        { id: "ceea4f5b3e124a72a9aed4a779ce8dcb", ip: "120.2.2.8", ...times }
      ]
      const kinds: ReadonlyArray<ListItem.ListKind> = ["redirect", "redirect", "hostname", "asn", "ip", "ip", "ip"]
      yield* injected(envelope(recorded, {}))
      const items = yield* Stream.runCollect((yield* ListItems.ListItems).stream("any"))
      assert.deepStrictEqual<ReadonlyArray<string>>(items.map(({ kind }) => kind), kinds)
      assert.deepStrictEqual<ReadonlyArray<object>>(items.map((item) => Struct.omit(item, ["kind"])), recorded)
    }).pipe(Effect.provide(inMemory())))

  const none = "an item that is no address, redirect, hostname or AS number"
  const unreadable: ReadonlyArray<readonly [Schema.Json, string]> = [
    [{ id: "1", country: "de" }, none],
    [5, none],
    ["192.0.2.1", none],
    [null, none],
    [{ id: "1", ip: 5 }, none],
    [{ id: "1", asn: "13335" }, none],
    [{ id: "1", redirect: null }, none],
    [{ id: "1", redirect: "example.com/" }, none],
    [{ id: "1", redirect: { source_url: "example.com/" } }, none],
    [{ id: "1", redirect: { source_url: "example.com/", target_url: null } }, none],
    [{ id: "1", redirect: { target_url: "https://example.net/" } }, none],
    [{ id: "1", redirect: { source_url: null, target_url: "https://example.net/" } }, none],
    [{ id: "1", hostname: null }, none],
    [{ id: "1", hostname: {} }, none],
    [{ id: "1", hostname: { url_hostname: 5 } }, none],
    [{ ip: "192.0.2.1" }, "an item without an id"],
    [{ id: 1, ip: "192.0.2.1" }, "an item without an id"]
  ]

  it.effect("names an answer that it does not understand", () =>
    Effect.gen(function*() {
      const items = yield* ListItems.ListItems
      const { clearFaults } = yield* Simulator.Simulator
      for (const [wire, detail] of unreadable) {
        const readings: ReadonlyArray<readonly [Schema.Json, Effect.Effect<unknown, Error>]> = [
          [[wire], Stream.runCollect(items.stream("any"))],
          [wire, items.get("any", "1")]
        ]
        for (const [result, reading] of readings) {
          yield* injected(envelope(result))
          const error = yield* Effect.flip(reading)
          assert(error instanceof CloudflareError.CloudflareError)
          assert.deepInclude(error.reason, { _tag: "UnexpectedResponse", method: "GET", detail })
          yield* clearFaults
        }
      }
    }).pipe(Effect.provide(inMemory())))

  it.effect("leaves out times and comments that are none", () =>
    Effect.gen(function*() {
      yield* injected(
        envelope([{ id: "1", ip: "192.0.2.1", comment: 5, created_on: 1_633_065_600, modified_on: null }])
      )
      const items = yield* ListItems.ListItems
      assert.deepStrictEqual(yield* Stream.runCollect(items.stream("any")), [
        { kind: "ip", ip: "192.0.2.1", id: "1" }
      ])
    }).pipe(Effect.provide(inMemory())))

  it.effect("waits for its turns when the request budget is short", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(40))
      const items = yield* ListItems.ListItems
      const [, at] = yield* passing(
        Effect.zip(Stream.runDrain(items.stream(listId, { perPage: 1 })), Clock.currentTimeMillis)
      )
      assert.isAbove(at, 60_000)
      assert.lengthOf(yield* requestsTo("lists.items.list"), 40)
    }).pipe(Effect.provide(Layer.merge(inMemory(), RequestBudget.layer({ limit: 20, window: "1 minute" })))))

  it.effect("retries a page after a transient error", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(1001))
      yield* injected(Fault.htmlError(502), { after: 1, times: 2 })
      assert.lengthOf(yield* passing(held(listId)), 1001)
      assert.lengthOf(yield* requestsTo("lists.items.list"), 5)
    }).pipe(Effect.provide(inMemory())))
})
