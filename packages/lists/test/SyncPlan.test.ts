import { ListItem, SyncPlan } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const hold = (items: ReadonlyArray<ListItem.ListItem>) => items.map((item, index) => ({ ...item, id: `id-${index}` }))

const ips = (...addresses: ReadonlyArray<string>) => addresses.map((address) => ListItem.ip(address))

const outline = ({ added, changed, deleted, method, unchanged }: SyncPlan.SyncPlan) => ({
  method,
  added: added.map(ListItem.show),
  changed: changed.map(ListItem.show),
  deleted: deleted.map(({ id }) => id),
  unchanged
})

const address = (n: number) => `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`
const addresses = (from: number) => Array.from({ length: 100_000 }, (_, n) => ListItem.ip(address(from + n)))

const plan = (...args: Parameters<typeof SyncPlan.make>) => outline(SyncPlan.make(...args))

const idle = outline(SyncPlan.make([], []))

describe("a plan", () => {
  it("does nothing if nothing differs, whatever the form or order", () => {
    assert.deepStrictEqual(plan([], []), { method: "none", added: [], changed: [], deleted: [], unchanged: 0 })
    assert.deepStrictEqual(
      plan(ips("192.0.2.1/32", "2001:db8::/64"), hold(ips("2001:DB8::1/64", "192.0.2.1"))),
      { ...idle, unchanged: 2 }
    )
  })

  it("is one write if items are only missing, or have only changed", () => {
    assert.deepStrictEqual(plan(ips("192.0.2.1", "192.0.2.2"), hold(ips("192.0.2.1"))), {
      ...idle,
      method: "create",
      added: ["192.0.2.2"],
      unchanged: 1
    })
    assert.deepStrictEqual(plan([ListItem.ip("192.0.2.1", { comment: "new" })], hold(ips("192.0.2.1"))), {
      ...idle,
      method: "create",
      changed: ["192.0.2.1"]
    })
  })

  it("is one write if items are only surplus, even all of them", () => {
    assert.deepStrictEqual(plan([], hold(ips("192.0.2.1"))), { ...idle, method: "delete", deleted: ["id-0"] })
  })

  it("is two writes if a few items differ, and one replacement if many do", () => {
    const held = hold(ips("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"))
    const wanted = ips("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.5")
    assert.deepInclude(plan(wanted, held), { method: "createAndDelete", added: ["192.0.2.5"], deleted: ["id-3"] })
    assert.strictEqual(plan(wanted, held, { replaceAbove: 0.49 }).method, "replace")
    assert.strictEqual(plan(ips("192.0.2.6"), held).method, "replace")
    assert.strictEqual(plan(ips("192.0.2.6"), held, { replaceAbove: 1 }).method, "createAndDelete")
  })

  it("goes by the share of what differs, changes included, in the longer of the two", () => {
    const held = hold(ips("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"))
    const noted = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((ip) => ListItem.ip(ip, { comment: "new" }))
    assert.strictEqual(plan([...noted, ListItem.ip("192.0.2.5")], held).method, "replace")
    const ten = hold(ips(...Array.from({ length: 10 }, (_, n) => `192.0.2.${n}`)))
    const fewer = [...ten.slice(0, 6), ListItem.ip("198.51.100.1")]
    assert.strictEqual(plan(fewer, ten).method, "createAndDelete")
    assert.strictEqual(plan(fewer, ten, { replaceAbove: 0.49 }).method, "replace")
  })

  it("deletes one of two equal items of the list", () => {
    assert.deepStrictEqual(plan(ips("192.0.2.1"), hold(ips("192.0.2.1", "192.0.2.1"))), {
      ...idle,
      method: "delete",
      deleted: ["id-1"],
      unchanged: 1
    })
  })

  const Asns = Schema.Array(Schema.Struct({
    asn: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 })),
    comment: Schema.Literals(["", "a", "b"])
  })).check(Schema.isMaxLength(12))

  it.prop("carried out, it makes the list hold what is wanted, and the next plan is idle", [Asns, Asns], ([a, b]) => {
    const distinct = (all: typeof a) => [
      ...new Map(all.map(({ asn, comment }) => [asn, ListItem.asn(asn, { comment })])).values()
    ]
    const [wanted, held] = [distinct(a), hold(distinct(b))]
    const { added, changed, deleted, unchanged } = SyncPlan.make(wanted, held)
    const written = new Map([...added, ...changed].map((item) => [ListItem.key(item), item]))
    const gone = new Set(deleted.map(({ id }) => id))
    const left = held.filter(({ id }) => !gone.has(id)).map((item) => written.get(ListItem.key(item)) ?? item)
    assert.strictEqual(SyncPlan.make(wanted, hold([...left, ...added])).method, "none")
    assert.strictEqual(unchanged + changed.length + deleted.length, held.length)
    assert.strictEqual(unchanged + changed.length + added.length, wanted.length)
  })

  it("takes seconds for 100,000 items against 100,000", () => {
    const [wanted, held] = [addresses(1000), hold(addresses(0))]
    const began = performance.now()
    const { added, deleted, unchanged } = SyncPlan.make(wanted, held)
    assert.deepStrictEqual([added.length, deleted.length, unchanged], [1000, 1000, 99_000])
    assert.isBelow(performance.now() - began, 5000)
  })
})
