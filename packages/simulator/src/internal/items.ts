/**
 * What writes make of the items of a list, and the pages in which they are read.
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Change, Instant, Item, List } from "./account.ts"
import * as ListItem from "./item.ts"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"

/** An id, and a position behind all that were ever given: a cursor must not take a new item for one that it has passed. */
export type NewPlace = () => Pick<Item, "id" | "position">

const added = (items: Iterable<ListItem.NewItem>, at: Instant, newPlace: NewPlace): ReadonlyArray<Item> =>
  Array.from(items, (item) => ({ ...item, ...newPlace(), createdOn: at, modifiedOn: at }))

/** Adds items; one that is there already gets the new value and comment, and keeps its id and place. */
export const append = (written: ReadonlyArray<ListItem.NewItem>, newPlace: NewPlace): Change => (items, at) => {
  const byKey = new Map(written.map((item) => [item.key, item]))
  const kept = items.map((item) => {
    const update = byKey.get(item.key)
    byKey.delete(item.key)
    return update === undefined ? item : { ...item, ...update, modifiedOn: at }
  })
  return [...kept, ...added(byKey.values(), at, newPlace)]
}

/** Removes all items and adds others. All of them are new, also those that were there (the documentation's words). */
export const replace = (written: ReadonlyArray<ListItem.NewItem>, newPlace: NewPlace): Change => (_, at) =>
  added(written, at, newPlace)

/** Removes items. Chosen: an id that is not there is passed over, so that the same removal can be sent twice. */
export const remove = (ids: ReadonlySet<string>): Change => (items) => items.filter((item) => !ids.has(item.id))

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
  /** Absent where all items fit one page, as in recorded answers. */
  readonly resultInfo: Schema.JsonObject | undefined
}

const defaultPerPage = 25
const maxPerPage = 500

// A cursor points between two items, so that it stays good when items come or go.
const cursorTo = (list: List, direction: "after" | "before", { position }: Item) =>
  Base64Url.encode(`${list.id} ${direction} ${position}`)

const readCursor = (list: List, cursor: string) => {
  const text = Result.getOrElse(Base64Url.decodeString(cursor), () => "")
  const [id, direction, position, ...rest] = text.split(" ")
  return id === list.id && (direction === "after" || direction === "before") && rest.length === 0 &&
      /^\d+$/.test(position ?? "")
    ? { direction, position: Number(position) }
    : undefined
}

/** One page of the items that match the search, in the order in which they came. */
export const page = (list: List, query: Query): Result.Result<Page, Refusal> => {
  const perPage = query.perPage === undefined ? defaultPerPage : Number(query.perPage)
  if (!Number.isInteger(perPage) || perPage < 1 || perPage > maxPerPage) return Result.fail(Refusals.invalidCursor)
  const cursor = query.cursor === undefined ? undefined : readCursor(list, query.cursor)
  if (query.cursor !== undefined && cursor === undefined) return Result.fail(Refusals.invalidCursor)
  const { search = "" } = query
  const found = search === "" ? list.items : list.items.filter((item) => ListItem.matches(list.kind, item.text, search))
  const past = found.findIndex(({ position }) =>
    cursor !== undefined && (cursor.direction === "after" ? position > cursor.position : position >= cursor.position)
  )
  const edge = cursor === undefined ? 0 : past === -1 ? found.length : past
  const start = cursor?.direction === "before" ? Math.max(0, edge - perPage) : edge
  const items = found.slice(start, cursor?.direction === "before" ? edge : start + perPage)
  const first = items.at(0)
  const last = items.at(-1)
  const cursors = {
    ...(first !== undefined && start > 0 ? { before: cursorTo(list, "before", first) } : {}),
    ...(last !== undefined && last !== found.at(-1) ? { after: cursorTo(list, "after", last) } : {})
  }
  return Result.succeed({ items, resultInfo: Object.keys(cursors).length === 0 ? undefined : { cursors } })
}
