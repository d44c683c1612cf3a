import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as ItemSet from "../../../src/internal/items/itemSet.ts"
import type { NewItem } from "../../../src/internal/items/newItem.ts"

const written = (number: number, comment?: string): NewItem => ({
  key: String(number).padStart(3, "0"),
  value: { asn: number },
  comment
})

const ids = () => {
  let next = 0
  return () => `id-${++next}`
}

const Numbers = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 }))).check(
  Schema.isMaxLength(20)
)

const unique = (numbers: ReadonlyArray<number>) => [...new Set(numbers)]
const keys = (items: ReadonlyArray<NewItem>) => items.map(({ key }) => key)
const setOf = (numbers: ReadonlyArray<number>, at = 0) =>
  ItemSet.replace(unique(numbers).map((number) => written(number)), ids())([], at)

describe("append", () => {
  it.prop("contains old and new items once each, ascending", [Numbers, Numbers], ([there, added]) => {
    const items = ItemSet.append(unique(added).map((number) => written(number)), ids())(setOf(there), 1)
    const expected = unique([...there, ...added]).map((number) => written(number).key).toSorted()
    assert.deepStrictEqual(keys(items), expected)
    return true
  })

  it.prop(
    "keeps id and creation time of old items, and updates the time of their change",
    [Numbers, Numbers],
    ([there, added]) => {
      const before = new Map(setOf(there).map((item) => [item.key, item]))
      const again = new Set(unique(added).map((number) => written(number).key))
      const items = ItemSet.append(unique(added).map((number) => written(number, "again")), () => "new")([
        ...before.values()
      ], 1)
      for (const item of items) {
        const known = before.get(item.key)
        assert.strictEqual(item.id, known?.id ?? "new")
        assert.strictEqual(item.createdOn, known?.createdOn ?? 1)
        assert.strictEqual(item.modifiedOn, again.has(item.key) ? 1 : 0)
        assert.strictEqual(item.comment, again.has(item.key) ? "again" : undefined)
      }
      return true
    }
  )

  it("without items changes nothing", () => {
    const items = setOf([1, 2])
    assert.deepStrictEqual(ItemSet.append([], ids())(items, 1), items)
  })
})

describe("replace", () => {
  it("contains only the new items, ascending, with new ids", () => {
    const items = ItemSet.replace([written(3), written(1)], ({ key }) => `new-${key}`)(setOf([1, 2]), 7)
    assert.deepStrictEqual(items, [
      { ...written(1), id: "new-001", createdOn: 7, modifiedOn: 7 },
      { ...written(3), id: "new-003", createdOn: 7, modifiedOn: 7 }
    ])
  })
})

describe("remove", () => {
  it("removes the items with these ids, and ignores unknown ids", () => {
    assert.deepStrictEqual(keys(ItemSet.remove(new Set(["id-2", "none"]))(setOf([1, 2, 3]), 1)), ["001", "003"])
  })
})

describe("rank", () => {
  it.prop("counts the items before a key, or up to and including it", [Numbers, Schema.Int], ([there, number]) => {
    const items = setOf(there)
    const { key } = written(Math.abs(number % 32))
    assert.strictEqual(ItemSet.rank(items, key, "before"), items.filter((item) => item.key < key).length)
    assert.strictEqual(ItemSet.rank(items, key, "with"), items.filter((item) => item.key <= key).length)
    return true
  })
})
