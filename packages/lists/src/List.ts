/**
 * A list: its name, kind and size. What it holds is `ListItem`'s matter.
 */
import * as Schema from "effect/Schema"
import * as Time from "./internal/time.ts"
import { ListKind } from "./ListItem.ts"

/**
 * A list, as Cloudflare tells of it.
 *
 * `kind` is one of `ListItem.ListKind` today; a list of another kind can be read all the same. Everything that older
 * answers leave out is optional.
 *
 * @example
 * import { List } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * const list = Schema.decodeUnknownSync(List.List)({
 *   id: "2c0fc9fa937b11eaa1b71c4d701ab86e",
 *   name: "blocked",
 *   kind: "ip",
 *   num_items: 2,
 *   num_referencing_filters: 0,
 *   created_on: "2026-01-01T08:00:00Z",
 *   modified_on: "2026-01-02T08:00:00Z"
 * })
 * list.name // => "blocked"
 */
export const List = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  kind: Schema.String,
  description: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** How many items it has. Right after a write this may still be the number before it. */
  num_items: Schema.optionalKey(Schema.Finite),
  /** In how many rules it is used; with any, it cannot be deleted. */
  num_referencing_filters: Schema.optionalKey(Schema.Finite),
  /** RFC 3339, as Cloudflare wrote it; `createdOn` reads it. */
  created_on: Schema.optionalKey(Schema.String),
  /** RFC 3339, as Cloudflare wrote it; `modifiedOn` reads it. */
  modified_on: Schema.optionalKey(Schema.String)
})
export type List = typeof List.Type

const Description = Schema.String.check(
  Schema.isMaxLength(500, { expected: "a description of at most 500 characters" })
)

/**
 * What a new list is made from. Name and kind cannot be changed later.
 *
 * @example
 * import { List } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * const isNewList = Schema.is(List.NewList)
 * isNewList({ name: "blocked", kind: "ip" }) // => true
 * isNewList({ name: "blocked", kind: "ips" }) // => false
 */
export const NewList = Schema.Struct({
  /** Used in rule expressions as `$name`. One to 50 letters, digits and underscores; in the dashboard lower case only. */
  name: Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9_]{1,50}$/, {
    expected: "a name of 1 to 50 letters, digits and underscores"
  })),
  kind: ListKind,
  description: Schema.optionalKey(Description)
})
export type NewList = typeof NewList.Type

/**
 * What of a list can be changed.
 *
 * @example
 * import { List } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * Schema.is(List.ListUpdate)({ description: "seen scanning" }) // => true
 */
export const ListUpdate = Schema.Struct({ description: Description })
export type ListUpdate = typeof ListUpdate.Type

/**
 * When the list was created, where Cloudflare says so in a way that can be read.
 *
 * @example
 * import { List } from "@bulk-operations/lists"
 * import { DateTime, Option } from "effect"
 *
 * const list = { id: "list-1", name: "blocked", kind: "ip", created_on: "2026-01-01T09:00:00+01:00" }
 * Option.map(List.createdOn(list), DateTime.formatIso) // => Option.some("2026-01-01T08:00:00.000Z")
 */
export const createdOn = ({ created_on }: List) => Time.read(created_on)

/**
 * When the list was last changed, where Cloudflare says so in a way that can be read.
 *
 * @example
 * import { List } from "@bulk-operations/lists"
 * import { Option } from "effect"
 *
 * List.modifiedOn({ id: "list-1", name: "blocked", kind: "ip" }) // => Option.none()
 */
export const modifiedOn = ({ modified_on }: List) => Time.read(modified_on)
