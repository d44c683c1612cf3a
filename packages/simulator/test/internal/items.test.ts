import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import type { Item, List } from "../../src/internal/account.ts"
import * as Items from "../../src/internal/items.ts"

const list = (positions: ReadonlyArray<number>): List => ({
  id: "a-list",
  kind: "ip",
  name: "blocked",
  description: undefined,
  references: 0,
  createdOn: 0,
  modifiedOn: 0,
  items: positions.map((position): Item => {
    const text = `192.0.2.${position}`
    return {
      id: `item-${position}`,
      position,
      createdOn: 0,
      modifiedOn: 0,
      value: { ip: text },
      comment: undefined,
      key: text,
      text
    }
  })
})

const page = (list: List, query: { readonly cursor?: string; readonly perPage?: string; readonly search?: string }) =>
  Items.page(list, { cursor: undefined, perPage: undefined, search: undefined, ...query })

const Cursors = Schema.Struct({
  cursors: Schema.Struct({ before: Schema.optionalKey(Schema.String), after: Schema.optionalKey(Schema.String) })
})
const cursors = ({ resultInfo }: Items.Page) =>
  resultInfo === undefined ? {} : Schema.decodeUnknownSync(Cursors)(resultInfo).cursors

const positions = ({ items }: Items.Page) => items.map(({ position }) => position)

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
const PerPage = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))
const upTo = (size: number) => Array.from({ length: size }, (_, n) => n + 1)

describe("pages", () => {
  it.prop("read forward by `after` hold every item once, in order", [Size, PerPage], ([size, perPage]) => {
    const all: Array<number> = []
    let cursor: string | undefined
    do {
      const read = Result.getOrThrow(page(list(upTo(size)), { perPage: `${perPage}`, ...(cursor && { cursor }) }))
      assert.isAtMost(read.items.length, perPage)
      all.push(...positions(read))
      cursor = cursors(read).after
    } while (cursor !== undefined)
    assert.deepStrictEqual(all, upTo(size))
    return true
  })

  it.prop("read backward by `before` are those read forward", [Size, PerPage], ([size, perPage]) => {
    const forward = Result.getOrThrow(page(list(upTo(size)), { perPage: `${perPage}` }))
    const { after } = cursors(forward)
    if (after === undefined) return size <= perPage
    const second = Result.getOrThrow(page(list(upTo(size)), { perPage: `${perPage}`, cursor: after }))
    const { before = "" } = cursors(second)
    const back = Result.getOrThrow(page(list(upTo(size)), { perPage: `${perPage}`, cursor: before }))
    assert.deepStrictEqual(positions(back), positions(forward))
    return true
  })

  it("go on where they were when items have come or gone meanwhile", () => {
    const first = Result.getOrThrow(page(list([1, 2, 3, 4]), { perPage: "2" }))
    const { after = "" } = cursors(first)
    const second = Result.getOrThrow(page(list([1, 3, 4, 5]), { perPage: "2", cursor: after }))
    assert.deepStrictEqual(positions(second), [3, 4])
  })

  it("hold 25 items unless asked otherwise, and up to 500", () => {
    assert.strictEqual(Result.getOrThrow(page(list(upTo(600)), {})).items.length, 25)
    assert.strictEqual(Result.getOrThrow(page(list(upTo(600)), { perPage: "500" })).items.length, 500)
  })

  it("tell no cursors at all where all items fit one", () => {
    assert.isUndefined(Result.getOrThrow(page(list(upTo(25)), {})).resultInfo)
    assert.isUndefined(Result.getOrThrow(page(list([]), {})).resultInfo)
  })

  it("are refused for a number of items or a cursor that makes no sense", () => {
    const { after = "" } = cursors(Result.getOrThrow(page(list([1, 2]), { perPage: "1" })))
    const other = { ...list([1, 2]), id: "another-list" }
    const refused = [
      page(list([1]), { perPage: "0" }),
      page(list([1]), { perPage: "501" }),
      page(list([1]), { perPage: "many" }),
      page(list([1]), { perPage: "" }),
      page(list([1]), { cursor: "yyy" }),
      page(list([1]), { cursor: "" }),
      page(other, { cursor: after })
    ]
    for (const result of refused) {
      assert.deepStrictEqual(Result.isFailure(result) && result.failure.error, {
        code: 10027,
        message: "invalid or expired cursor"
      })
    }
  })

  it("hold only what a search finds", () => {
    const found = Result.getOrThrow(page(list(upTo(40)), { search: "192.0.2.4", perPage: "1" }))
    assert.deepStrictEqual(positions(found), [4])
    const rest = Result.getOrThrow(page(list(upTo(40)), { search: "192.0.2.4", cursor: cursors(found).after ?? "" }))
    assert.deepStrictEqual(positions(rest), [40])
  })
})
