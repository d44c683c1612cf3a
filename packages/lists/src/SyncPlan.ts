/**
 * What a list needs to hold what is wanted: a pure function of the two.
 */
import * as ListItem from "./ListItem.ts"

/** What is to be done, in the order in which it is done. */
export interface SyncPlan {
  /** What is sent: nothing, one write, or two. */
  readonly method: "none" | "create" | "delete" | "createAndDelete" | "replace"
  /** Wanted items that the list does not hold. */
  readonly added: ReadonlyArray<ListItem.ListItem>
  /** Wanted items that the list holds with another comment or other details. */
  readonly changed: ReadonlyArray<ListItem.ListItem>
  /** Items of the list that are not wanted. */
  readonly deleted: ReadonlyArray<ListItem.StoredItem>
  /** How many items of the list stay as they are. */
  readonly unchanged: number
}

/** How to choose. */
export interface Options {
  /**
   * The share of the items, from 0 to 1, above which one replacement of all is preferred to adding some and deleting
   * others. Default 0.5. Where only one of the two is needed, that one is done.
   */
  readonly replaceAbove?: number | undefined
}

/**
 * The share above which all items are replaced, where nothing else is said.
 *
 * @example
 * import { SyncPlan } from "@bulk-operations/lists"
 *
 * // A replacement of all already where it is half of the default.
 * export const options = { replaceAbove: SyncPlan.defaultReplaceAbove / 2 }
 */
export const defaultReplaceAbove = 0.5

/**
 * The least that makes a list hold the wanted items and no others.
 *
 * Wanted items must differ by `ListItem.key`, as `InvalidItems.check` makes sure. Of items that a list holds twice, the
 * first stays.
 *
 * @example
 * import { ListItem, SyncPlan } from "@bulk-operations/lists"
 *
 * const held = [{ ...ListItem.ip("192.0.2.1"), id: "a" }, { ...ListItem.ip("192.0.2.2"), id: "b" }]
 * const plan = SyncPlan.make([ListItem.ip("192.0.2.1/32"), ListItem.ip("192.0.2.3")], held, { replaceAbove: 1 })
 * plan.method // => "createAndDelete"
 * plan.added // => [ListItem.ip("192.0.2.3")]
 * plan.deleted.map(({ id }) => id) // => ["b"]
 */
export const make = (
  wanted: ReadonlyArray<ListItem.ListItem>,
  held: ReadonlyArray<ListItem.StoredItem>,
  options: Options = {}
): SyncPlan => {
  const missing = new Map(wanted.map((item) => [ListItem.key(item), item]))
  const changed: Array<ListItem.ListItem> = []
  const deleted: Array<ListItem.StoredItem> = []
  for (const item of held) {
    const key = ListItem.key(item)
    const wish = missing.get(key)
    missing.delete(key)
    if (wish === undefined) deleted.push(item)
    else if (!ListItem.sameContent(wish, item)) changed.push(wish)
  }
  const added = [...missing.values()]
  const different = added.length + changed.length + deleted.length
  const share = Math.min(1, different / Math.max(wanted.length, held.length))
  const writes = added.length + changed.length > 0
  return {
    method: writes && deleted.length > 0
      ? share > (options.replaceAbove ?? defaultReplaceAbove) ? "replace" : "createAndDelete"
      : writes
      ? "create"
      : deleted.length > 0
      ? "delete"
      : "none",
    added,
    changed,
    deleted,
    unchanged: held.length - changed.length - deleted.length
  }
}
