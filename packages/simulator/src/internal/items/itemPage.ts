/** Pages of items, and the JSON of an item. */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Refusals from "../refusals.ts"
import type { Refusal } from "../reply.ts"
import { type Instant, type Item, type ItemSet, rank } from "./itemSet.ts"
import { matches } from "./newItem.ts"

export const view = (item: Item, timestamp: (at: Instant) => string): Schema.JsonObject => ({
  id: item.id,
  ...item.value,
  ...(item.comment ? { comment: item.comment } : {}),
  created_on: timestamp(item.createdOn),
  modified_on: timestamp(item.modifiedOn)
})

export interface Query {
  readonly cursor: string | undefined
  readonly perPage: string | undefined
  readonly search: string | undefined
}

export interface Page {
  readonly items: ReadonlyArray<Item>
  /** Absent if all items fit one page, as in recorded answers. */
  readonly resultInfo: Schema.JsonObject | undefined
}

interface Cursor {
  readonly direction: "after" | "before"
  readonly key: string
}

const defaultPerPage = 25
const maxPerPage = 500

// A cursor points between two items, so it stays valid when items are added or removed.
const writeCursor = (listId: string, { direction, key }: Cursor) =>
  Base64Url.encode(`${listId.length} ${direction} ${listId}${key}`)

const readCursor = (listId: string, cursor: string): Cursor | undefined => {
  const text = Result.getOrElse(Base64Url.decodeString(cursor), () => "")
  for (const direction of ["after", "before"] as const) {
    const start = `${listId.length} ${direction} ${listId}`
    if (text.startsWith(start)) return { direction, key: text.slice(start.length) }
  }
  return undefined
}

/** The index of the nearest item from `index` on that matches the search, or -1. */
const nearest = (items: ItemSet, index: number, step: 1 | -1, search: string): number => {
  for (let at = index;; at += step) {
    const item = items[at]
    if (item === undefined) return -1
    if (search === "" || matches(item.value, search)) return at
  }
}

const collect = (items: ItemSet, from: number, step: 1 | -1, search: string, count: number): ReadonlyArray<Item> => {
  const collected: Array<Item> = []
  for (let at = nearest(items, from, step, search); at !== -1; at = nearest(items, at + step, step, search)) {
    const item = items[at]
    if (item !== undefined) collected.push(item)
    if (collected.length === count) break
  }
  return step === 1 ? collected : collected.toReversed()
}

/** One page of the items that match the search. The cost depends on the items visited, not on the size of the list. */
export const page = (listId: string, items: ItemSet, query: Query): Result.Result<Page, Refusal> => {
  const { search = "" } = query
  const perPage = query.perPage === undefined ? defaultPerPage : Number(query.perPage)
  if (!Number.isInteger(perPage) || perPage < 1 || perPage > maxPerPage) return Result.fail(Refusals.invalidCursor)
  const cursor = query.cursor === undefined ? undefined : readCursor(listId, query.cursor)
  if (query.cursor !== undefined && cursor === undefined) return Result.fail(Refusals.invalidCursor)
  const edge = cursor === undefined ? 0 : rank(items, cursor.key, cursor.direction === "after" ? "with" : "before")
  const found = cursor?.direction === "before"
    ? collect(items, edge - 1, -1, search, perPage)
    : collect(items, edge, 1, search, perPage)
  const [first, last] = [found.at(0), found.at(-1)]
  if (first === undefined || last === undefined) return Result.succeed({ items: [], resultInfo: undefined })
  const hasBefore = nearest(items, rank(items, first.key, "before") - 1, -1, search) !== -1
  const hasAfter = nearest(items, rank(items, last.key, "with"), 1, search) !== -1
  const cursors = {
    ...(hasBefore ? { before: writeCursor(listId, { direction: "before", key: first.key }) } : {}),
    ...(hasAfter ? { after: writeCursor(listId, { direction: "after", key: last.key }) } : {})
  }
  return Result.succeed({ items: found, resultInfo: hasBefore || hasAfter ? { cursors } : undefined })
}
