/**
 * Items as they travel: what Cloudflare is sent, and what it answers.
 *
 * Writing is exact: the parts of an item and nothing else, for Cloudflare refuses items that are sent back with `id` and
 * times (10026). Reading is lenient: whatever a list holds can be read, with `null` or `{}` for parts that are not there.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as ListItem from "../ListItem.ts"

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** An item in any state in which it has been seen. */
export const Item = Schema.Struct({
  id: maybe(Schema.String),
  ip: maybe(Schema.String),
  redirect: maybe(Schema.Struct({
    source_url: maybe(Schema.String),
    target_url: maybe(Schema.String),
    status_code: maybe(Schema.Finite),
    include_subdomains: maybe(Schema.Boolean),
    subpath_matching: maybe(Schema.Boolean),
    preserve_query_string: maybe(Schema.Boolean),
    preserve_path_suffix: maybe(Schema.Boolean)
  })),
  hostname: maybe(Schema.Struct({
    url_hostname: maybe(Schema.String),
    exclude_exact_hostname: maybe(Schema.Boolean)
  })),
  asn: maybe(Schema.Finite),
  comment: maybe(Schema.String),
  created_on: maybe(Schema.String),
  modified_on: maybe(Schema.String)
})
export type Item = typeof Item.Type

type Without<A, Key extends keyof A> = { readonly [K in Key]?: NonNullable<A[K]> }

// The parts of these names that are there.
const pick = <A extends object, const Key extends keyof A & string>(
  from: A,
  keys: ReadonlyArray<Key>
): Without<A, Key> => {
  const picked: { -readonly [K in Key]?: NonNullable<A[K]> } = {}
  for (const key of keys) {
    const value = from[key]
    if (value !== undefined && value !== null) picked[key] = value
  }
  return picked
}

const redirectFlags = [
  "status_code",
  "include_subdomains",
  "subpath_matching",
  "preserve_query_string",
  "preserve_path_suffix"
] as const

const value = ({ asn, hostname, ip, redirect }: Item): ListItem.ListItem | undefined => {
  if (typeof ip === "string") return { kind: "ip", ip }
  if (typeof asn === "number") return { kind: "asn", asn }
  if (typeof redirect?.source_url === "string" && typeof redirect.target_url === "string") {
    const { source_url, target_url } = redirect
    return { kind: "redirect", redirect: { source_url, target_url, ...pick(redirect, redirectFlags) } }
  }
  if (typeof hostname?.url_hostname === "string") {
    const { url_hostname } = hostname
    return { kind: "hostname", hostname: { url_hostname, ...pick(hostname, ["exclude_exact_hostname"]) } }
  }
  return undefined
}

/** The item, if it is of a kind that is known. */
export const read = (wire: Item): ListItem.ListItem | undefined => {
  const item = value(wire)
  return item === undefined || typeof wire.comment !== "string" || wire.comment === ""
    ? item
    : { ...item, comment: wire.comment }
}

/** The item as the list holds it, or why it is none. */
export const readStored = (wire: Item): Result.Result<ListItem.StoredItem, string> => {
  const item = read(wire)
  if (item === undefined) return Result.fail("an item that is no address, redirect, hostname or AS number")
  if (typeof wire.id !== "string") return Result.fail("an item without an id")
  return Result.succeed({ ...item, id: wire.id, ...pick(wire, ["created_on", "modified_on"]) })
}

/** What Cloudflare is sent for an item. */
export const write = (item: ListItem.ListItem): Schema.JsonObject => {
  const comment = item.comment === undefined ? {} : { comment: item.comment }
  switch (item.kind) {
    case "ip":
      return { ip: item.ip, ...comment }
    case "redirect":
      return { redirect: { ...item.redirect }, ...comment }
    case "hostname":
      return { hostname: { ...item.hostname }, ...comment }
    case "asn":
      return { asn: item.asn, ...comment }
  }
}
