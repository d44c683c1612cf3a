import { List, ListItem, ListItems, Lists } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import Cloudflare from "cloudflare"
import { Effect, Option, Stream } from "effect"
import { ipList, overSockets } from "./World.ts"

const account_id = Simulator.accountId

const official = Effect.map(
  Simulator.Simulator,
  ({ baseUrl }) => new Cloudflare({ apiToken: "any-token-that-is-long-enough", baseURL: baseUrl }).rules.lists
)

const ask = <A>(f: () => PromiseLike<A>) => Effect.promise(() => Promise.resolve(f()))

const collect = <A>(pages: () => AsyncIterable<A>) =>
  Stream.runCollect(Stream.suspend(() => Stream.fromAsyncIterable(pages(), (cause) => cause)))

const samples: ReadonlyArray<readonly [ListItem.ListItem, object]> = [
  [ListItem.ip("2001:DB8::1/64", { comment: "a network" }), { ip: "2001:db8::/64", comment: "a network" }],
  [
    ListItem.redirect({ source_url: "example.com", target_url: "https://example.net/", status_code: 308 }),
    {
      redirect: {
        source_url: "example.com/",
        target_url: "https://example.net/",
        status_code: 308,
        include_subdomains: false,
        subpath_matching: false,
        preserve_query_string: false,
        preserve_path_suffix: false
      }
    }
  ],
  [
    ListItem.hostname("*.Example.com"),
    { hostname: { url_hostname: "*.example.com", exclude_exact_hostname: true } }
  ],
  [ListItem.asn(13335), { asn: 13335 }]
]

const addresses = (from: number) =>
  Array.from({ length: 1200 }, (_, n) => `10.0.${(from + n) >>> 8}.${(from + n) & 255}`)

describe("beside the official client", () => {
  it.live("it can read the lists and items that we write", () =>
    Effect.gen(function*() {
      const theirs = yield* official
      const [lists, items] = [yield* Lists.Lists, yield* ListItems.ListItems]
      for (const [item, wire] of samples) {
        const { id } = yield* lists.create({ name: `ours_${item.kind}`, kind: item.kind, description: "a note" })
        yield* items.createAndWait(id, [item])
        assert.deepInclude(yield* ask(() => theirs.get(id, { account_id })), { kind: item.kind, num_items: 1 })
        const [read] = yield* collect(() => theirs.items.list(id, { account_id }))
        assert.deepInclude(read, wire)
      }
    }).pipe(Effect.provide(overSockets())))

  it.live("we can read the lists and items that it writes", () =>
    Effect.gen(function*() {
      const theirs = yield* official
      const [lists, items] = [yield* Lists.Lists, yield* ListItems.ListItems]
      const { id } = yield* ask(() => theirs.create({ account_id, kind: "redirect", name: "theirs" }))
      const redirect = { source_url: "example.com/a", target_url: "https://example.net/" }
      const { operation_id } = yield* ask(() =>
        theirs.items.create(id, { account_id, body: [{ redirect, comment: "it" }] })
      )
      yield* (yield* BulkOperationPoller.BulkOperationPoller).wait(operation_id)
      const list = yield* lists.get(id)
      assert.deepStrictEqual([list.name, list.kind, list.num_items], ["theirs", "redirect", 1])
      assert.isTrue(Option.isSome(List.createdOn(list)))
      const [read] = yield* Stream.runCollect(items.stream(id))
      assert.isTrue(read !== undefined && ListItem.equals(read, ListItem.redirect(redirect, { comment: "it" })))
      assert.isTrue(read !== undefined && Option.isSome(ListItem.modifiedOn(read)))
    }).pipe(Effect.provide(overSockets())))

  it.live("our write waits for an operation that it has started", () =>
    Effect.gen(function*() {
      const theirs = yield* official
      const listId = yield* ipList()
      yield* ask(() => theirs.items.create(listId, { account_id, body: [{ ip: "192.0.2.1" }] }))
      yield* (yield* ListItems.ListItems).createAndWait(listId, [ListItem.ip("192.0.2.2")])
      const read = yield* collect(() => theirs.items.list(listId, { account_id }))
      assert.deepStrictEqual(read.map((item) => "ip" in item && item.ip), ["192.0.2.1", "192.0.2.2"])
    }).pipe(Effect.provide(overSockets())), 20_000)

  it.live("a sync over sockets makes it read the wanted items", () =>
    Effect.gen(function*() {
      const theirs = yield* official
      const listId = yield* ipList(...addresses(0))
      const report = yield* (yield* ListItems.ListItems).sync(listId, addresses(20).map((ip) => ListItem.ip(ip)))
      assert.strictEqual(report.method, "createAndDelete")
      const read = yield* collect(() => theirs.items.list(listId, { account_id, per_page: 500 }))
      assert.deepStrictEqual(read.map((item) => "ip" in item && item.ip), addresses(20))
    }).pipe(Effect.provide(overSockets())), 20_000)
})
