/**
 * The items of a list, ascending by key, and the changes of writes.
 *
 * Source of the order: developers.cloudflare.com/waf/tools/lists/lists-api/endpoints documents it for addresses (by
 * address, then by mask). Chosen: other kinds are sorted alphabetically or by number.
 */
import type { NewItem } from "./newItem.ts"

/** Epoch milliseconds by the simulator's clock. */
export type Instant = number

export interface Item extends NewItem {
  readonly id: string
  readonly createdOn: Instant
  readonly modifiedOn: Instant
}

/** Each key once, ascending. */
export type ItemSet = ReadonlyArray<Item>

/** How an operation changes the items of its list. */
export type Change = (items: ItemSet, at: Instant) => ItemSet

/** An id for a new item. */
export type NewId = (item: NewItem) => string

const compare = (a: NewItem, b: NewItem) => (a.key < b.key ? -1 : 1)

/** How many items come before this key, or up to and including it. */
export const rank = (items: ItemSet, key: string, side: "before" | "with"): number => {
  let from = 0
  let to = items.length
  while (from < to) {
    const middle = (from + to) >>> 1
    const found = items[middle]?.key ?? ""
    if (found < key || (side === "with" && found === key)) from = middle + 1
    else to = middle
  }
  return from
}

const added = (item: NewItem, at: Instant, newId: NewId): Item => ({
  ...item,
  id: newId(item),
  createdOn: at,
  modifiedOn: at
})

/** Adds items; an existing item gets the new value and comment, and keeps its id. */
export const append = (written: ReadonlyArray<NewItem>, newId: NewId): Change => (items, at) => {
  const merged: Array<Item> = []
  let next = 0
  for (const item of written.toSorted(compare)) {
    const end = rank(items, item.key, "before")
    while (next < end) {
      const kept = items[next++]
      if (kept !== undefined) merged.push(kept)
    }
    const same = items[next]
    if (same?.key === item.key) next++
    merged.push(same?.key === item.key ? { ...same, ...item, modifiedOn: at } : added(item, at, newId))
  }
  return merged.concat(items.slice(next))
}

/** Removes all items and adds others. All are new, even those that existed before (as documented). */
export const replace = (written: ReadonlyArray<NewItem>, newId: NewId): Change => (_, at) =>
  written.toSorted(compare).map((item) => added(item, at, newId))

/** Removes items. Chosen: unknown ids are ignored, so that the same removal can be sent twice. */
export const remove = (ids: ReadonlySet<string>): Change => (items) => items.filter((item) => !ids.has(item.id))
