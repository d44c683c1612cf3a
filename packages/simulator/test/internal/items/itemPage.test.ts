import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as ItemPage from "../../../src/internal/items/itemPage.ts"
import type { Item } from "../../../src/internal/items/itemSet.ts"

const list = (numbers: ReadonlyArray<number>): ReadonlyArray<Item> =>
  numbers.map((asn) => ({
    id: `item-${asn}`,
    key: String(asn).padStart(4, "0"),
    value: { ip: `192.0.2.${asn}` },
    comment: undefined,
    createdOn: 0,
    modifiedOn: 0
  }))

interface Asked {
  readonly cursor?: string
  readonly perPage?: string
  readonly search?: string
}

const page = (items: ReadonlyArray<Item>, asked: Asked, id = "a-list") =>
  ItemPage.page(id, items, { cursor: undefined, perPage: undefined, search: undefined, ...asked })

const Cursors = Schema.Struct({
  cursors: Schema.Struct({ before: Schema.optionalKey(Schema.String), after: Schema.optionalKey(Schema.String) })
})
const cursors = ({ resultInfo }: ItemPage.Page) =>
  resultInfo === undefined ? {} : Schema.decodeUnknownSync(Cursors)(resultInfo).cursors

const numbers = ({ items }: ItemPage.Page) => items.map(({ key }) => Number(key))

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
const PerPage = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))
const upTo = (size: number) => Array.from({ length: size }, (_, n) => n + 1)

const cursorAfter = (number: number) =>
  cursors(Result.getOrThrow(page(list([number, number + 1]), { perPage: "1" }))).after ?? assert.fail("there is none")

describe("pages", () => {
  it.prop("read forward by `after` contain every item once, in order", [Size, PerPage], ([size, perPage]) => {
    const all: Array<number> = []
    let cursor: string | undefined
    do {
      const read = Result.getOrThrow(page(list(upTo(size)), { perPage: `${perPage}`, ...(cursor && { cursor }) }))
      assert.isAtMost(read.items.length, perPage)
      all.push(...numbers(read))
      cursor = cursors(read).after
    } while (cursor !== undefined)
    assert.deepStrictEqual(all, upTo(size))
    return true
  })

  const all = (
    items: ReadonlyArray<Item>,
    direction: "after" | "before",
    asked: Asked
  ): ReadonlyArray<ReadonlyArray<number>> => {
    const read = Result.getOrThrow(page(items, asked))
    const cursor = cursors(read)[direction]
    return [numbers(read), ...(cursor === undefined ? [] : all(items, direction, { ...asked, cursor }))]
  }

  it.prop("read backward by `before` contain every earlier item once, in order", [Size, PerPage], ([size, perPage]) => {
    const asked = { perPage: `${perPage}`, search: "192.0.2.1" }
    const items = list(upTo(size))
    const expected = upTo(size).filter((number) => String(number).startsWith("1"))
    const forward = all(items, "after", asked)
    assert.deepStrictEqual(forward.flat(), expected)
    const second = cursors(Result.getOrThrow(page(items, asked))).after
    if (second === undefined) return true
    const third = Result.getOrThrow(page(items, { ...asked, cursor: second }))
    const back = all(items, "before", { ...asked, cursor: cursors(third).before ?? "" })
    assert.deepStrictEqual(back.toReversed().flat(), expected.slice(0, perPage))
    return true
  })

  it("read backward end at the start, with the items that are left", () => {
    const items = list(upTo(5))
    const { after = "" } = cursors(Result.getOrThrow(page(items, { perPage: "3" })))
    const { before = "" } = cursors(Result.getOrThrow(page(items, { perPage: "2", cursor: after })))
    const back = Result.getOrThrow(page(items, { perPage: "2", cursor: before }))
    assert.deepStrictEqual(numbers(back), [2, 3])
    const start = Result.getOrThrow(page(items, { perPage: "2", cursor: cursors(back).before ?? "" }))
    assert.deepStrictEqual([numbers(start), Object.keys(cursors(start))], [[1], ["after"]])
  })

  it("continue at the same place when items were added or deleted meanwhile", () => {
    const first = Result.getOrThrow(page(list([1, 2, 3, 4]), { perPage: "2" }))
    const { after = "" } = cursors(first)
    const second = Result.getOrThrow(page(list([1, 3, 4, 5]), { perPage: "2", cursor: after }))
    assert.deepStrictEqual(numbers(second), [3, 4])
  })

  it("hold 25 items unless asked otherwise, and up to 500", () => {
    assert.strictEqual(Result.getOrThrow(page(list(upTo(600)), {})).items.length, 25)
    assert.strictEqual(Result.getOrThrow(page(list(upTo(600)), { perPage: "500" })).items.length, 500)
  })

  it("have no cursors if all items fit one page", () => {
    assert.isUndefined(Result.getOrThrow(page(list(upTo(25)), {})).resultInfo)
    assert.isUndefined(Result.getOrThrow(page(list([]), {})).resultInfo)
  })

  it("are refused for an invalid page size or cursor", () => {
    const { after = "" } = cursors(Result.getOrThrow(page(list([1, 2]), { perPage: "1" })))
    const refused = [
      page(list([1]), { perPage: "0" }),
      page(list([1]), { perPage: "501" }),
      page(list([1]), { perPage: "many" }),
      page(list([1]), { perPage: "" }),
      page(list([1]), { cursor: "yyy" }),
      page(list([1]), { cursor: "" }),
      page(list([1]), { cursor: "%" }),
      page(list([1, 2]), { cursor: after }, "another-list"),
      page(list([1, 2]), { cursor: after }, "a-lis"),
      page(list([1]), { perPage: "1.5" })
    ]
    for (const result of refused) {
      assert.deepStrictEqual(Result.isFailure(result) && result.failure.error, {
        code: 10027,
        message: "invalid or expired cursor"
      })
    }
  })

  it("read little more than their items, however long the list", () => {
    let read = 0
    const items = new Proxy(list(upTo(9999)), {
      get: (target, name) => {
        read++
        return Reflect.get(target, name)
      }
    })
    const middle = Result.getOrThrow(page(items, { cursor: cursorAfter(5000), perPage: "10" }))
    assert.deepStrictEqual(numbers(middle), [5001, 5002, 5003, 5004, 5005, 5006, 5007, 5008, 5009, 5010])
    assert.isBelow(read, 200)
  })

  it("contain only items that the search matches", () => {
    const found = Result.getOrThrow(page(list(upTo(40)), { search: "192.0.2.4", perPage: "1" }))
    assert.deepStrictEqual(numbers(found), [4])
    const rest = Result.getOrThrow(page(list(upTo(40)), { search: "192.0.2.4", cursor: cursors(found).after ?? "" }))
    assert.deepStrictEqual(numbers(rest), [40])
  })

  it("have no cursors if all matches of a search fit one page", () => {
    assert.isUndefined(Result.getOrThrow(page(list(upTo(40)), { search: "192.0.2.20" })).resultInfo)
  })

  it("contain items of every kind without a search", () => {
    const items = list([1]).map((item) => Object.assign(item, { value: { asn: 64_496 } }))
    for (const asked of [{}, { search: "" }]) {
      assert.strictEqual(Result.getOrThrow(page(items, asked)).items.length, 1)
    }
  })
})
