/** The plan of a sync: a pure function of the wanted items and the list's items. */
import * as ListItem from "./ListItem.ts"

/** What a sync writes, in order. */
export interface SyncPlan {
  /** The writes: none, one, or two. */
  readonly method: "none" | "create" | "delete" | "createAndDelete" | "replace"
  /** Wanted items that are not in the list. */
  readonly added: ReadonlyArray<ListItem.ListItem>
  /** Wanted items that are in the list with another comment or other details. */
  readonly changed: ReadonlyArray<ListItem.ListItem>
  /** Items of the list that are not wanted. */
  readonly deleted: ReadonlyArray<ListItem.StoredItem>
  /** How many items of the list do not change. */
  readonly unchanged: number
}

/** Options of `make`. */
export interface Options {
  /**
   * The share of the items, from 0 to 1, above which one replacement of all items is preferred to adding some and
   * deleting others. Default 0.5. If only one of the two is needed, the list is never replaced.
   */
  readonly replaceAbove?: number | undefined
}

/**
 * The default share above which all items are replaced.
 *
 * @example
 * import { SyncPlan } from "@bulk-operations/lists"
 *
 * // Replaces all items already at half of the default share.
 * export const options = { replaceAbove: SyncPlan.defaultReplaceAbove / 2 }
 */
export const defaultReplaceAbove = 0.5

/**
 * The least writes that make a list hold exactly the wanted items.
 *
 * Wanted items must differ by `ListItem.key`, as `InvalidItems.check` ensures. If a list holds an item twice, the first
 * one stays.
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
