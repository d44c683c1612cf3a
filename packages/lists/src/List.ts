/** A list: its name, kind and size. Its items are in `ListItem`. */
import * as Schema from "effect/Schema"
import * as Time from "./internal/time.ts"
import { ListKind } from "./ListItem.ts"

/**
 * A list in Cloudflare's answers.
 *
 * `kind` is one of `ListItem.ListKind` today; a list of another kind can still be read. Everything that older answers
 * omit is optional.
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
  /** How many items it has. Right after a write this may still be the old number. */
  num_items: Schema.optionalKey(Schema.Finite),
  /** How many rules use it; a list in use cannot be deleted. */
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
 * A new list. Its name and kind cannot be changed later.
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
 * The changeable parts of a list.
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
 * When the list was created; none if Cloudflare's time is missing or unreadable.
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
 * When the list was last changed; none if Cloudflare's time is missing or unreadable.
 *
 * @example
 * import { List } from "@bulk-operations/lists"
 * import { Option } from "effect"
 *
 * List.modifiedOn({ id: "list-1", name: "blocked", kind: "ip" }) // => Option.none()
 */
export const modifiedOn = ({ modified_on }: List) => Time.read(modified_on)
