import { ListItem, ListItems, Lists } from "@bulk-operations/lists"
import { ListsTest } from "@bulk-operations/lists/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"

const world = ListsTest.layer([
  { id: "blocked", kind: "ip", items: [ListItem.ip("192.0.2.1"), ListItem.ip("192.0.2.2", { comment: "two" })] }
])

const shown = (listId: string) =>
  ListsTest.ListsTest.use(({ items }) => Effect.map(items(listId), (all) => all.map(ListItem.show)))

describe("lists for tests", () => {
  it.effect("contain their initial items, and written ones at once", () =>
    Effect.gen(function*() {
      const items = yield* ListItems.ListItems
      const { operations } = yield* ListsTest.ListsTest
      const [first, second] = yield* Stream.runCollect(items.stream("blocked"))
      assert.deepStrictEqual(second, { kind: "ip", ip: "192.0.2.2", comment: "two", id: "item-2" })
      assert.deepStrictEqual(yield* items.get("blocked", "item-1"), first)
      assert.deepStrictEqual(yield* items.get("blocked", "item-2"), second)
      assert.strictEqual((yield* Effect.flip(items.get("blocked", "item-3"))).reason._tag, "NotFound")
      yield* items.createAndWait("blocked", [ListItem.ip("192.0.2.3/32")])
      assert.deepStrictEqual(yield* shown("blocked"), ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
      yield* items.deleteAndWait("blocked", ["item-1"])
      assert.deepStrictEqual(yield* shown("blocked"), ["192.0.2.2", "192.0.2.3"])
      yield* items.replaceAndWait("blocked", [ListItem.ip("192.0.2.4")])
      assert.deepStrictEqual(yield* shown("blocked"), ["192.0.2.4"])
      assert.strictEqual((yield* items.sync("blocked", [ListItem.ip("192.0.2.4")])).method, "none")
      assert.deepStrictEqual(yield* operations, ["blocked", "blocked", "blocked"])
    }).pipe(Effect.provide(world)))

  it.effect("are created, got, listed, updated and deleted", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const created = yield* lists.create({ name: "ours", kind: "hostname" })
      const { id } = created
      assert.deepInclude(created, { id: "list-3", name: "ours", kind: "hostname", num_items: 0 })
      assert.deepStrictEqual(yield* lists.get(id), created)
      assert.deepStrictEqual(yield* lists.update(id, { description: "a note" }), { ...created, description: "a note" })
      assert.deepStrictEqual((yield* lists.list()).map(({ name }) => name), ["blocked", "ours"])
      yield* lists.delete(id)
      assert.strictEqual((yield* Effect.flip(lists.get(id))).reason._tag, "NotFound")
      assert.strictEqual((yield* Effect.flip(lists.delete(id))).reason._tag, "NotFound")
    }).pipe(Effect.provide(world)))

  it.effect("may begin empty, or be none, also within others", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* shown("bare"), [])
      const ids = Lists.Lists.use((lists) => Effect.map(lists.list(), (all) => all.map(({ id }) => id)))
      assert.deepStrictEqual(yield* ids, ["bare"])
      assert.deepStrictEqual(yield* Effect.provide(ids, ListsTest.layer()), [])
      yield* Effect.gen(function*() {
        yield* (yield* ListItems.ListItems).createAndWait("inner", [ListItem.asn(1)])
        assert.deepStrictEqual(yield* shown("inner"), ["1"])
      }).pipe(Effect.provide(ListsTest.layer([{ id: "inner", kind: "asn" }])))
    }).pipe(Effect.provide(ListsTest.layer([{ id: "bare", kind: "asn" }]))))

  it.effect("check items as usual", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip((yield* ListItems.ListItems).create("blocked", [ListItem.ip("x")]))
      assert.strictEqual(error._tag, "InvalidItems")
    }).pipe(Effect.provide(world)))

  it.effect("fail the next write on request, without effect", () =>
    Effect.gen(function*() {
      const items = yield* ListItems.ListItems
      yield* (yield* ListsTest.ListsTest).failNext("This list is at the maximum number of items")
      const error = yield* Effect.flip(items.createAndWait("blocked", [ListItem.ip("192.0.2.9")]))
      assert.include(error.message, "maximum number of items")
      assert.deepStrictEqual(yield* shown("blocked"), ["192.0.2.1", "192.0.2.2"])
      yield* items.createAndWait("blocked", [ListItem.ip("192.0.2.9")])
      assert.lengthOf(yield* shown("blocked"), 3)
      assert.deepStrictEqual(yield* shown("nothing"), [])
    }).pipe(Effect.provide(world)))
})
