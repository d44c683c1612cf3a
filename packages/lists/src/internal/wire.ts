/**
 * The JSON of items in requests and answers.
 *
 * Writing is strict: only the fields of an item are sent, because Cloudflare refuses items that still have `id` and
 * times (10026). Reading is lenient: whatever a list holds can be read, with `null` or `{}` for missing fields.
 */
import * as Schema from "effect/Schema"
import type * as ListItem from "../ListItem.ts"

/** A page of items, not yet decoded. */
export const Items = Schema.declare(
  (value): value is ReadonlyArray<unknown> => Array.isArray(value),
  { expected: "an array of items" }
)

// Decoded by hand: a schema takes eight times as long, and a list has up to a million items.
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const commentOf = (from: object): string | undefined =>
  "comment" in from && typeof from.comment === "string" && from.comment !== "" ? from.comment : undefined

const flags = ["include_subdomains", "subpath_matching", "preserve_query_string", "preserve_path_suffix"] as const

const readRedirect = (wire: object): ListItem.RedirectTarget | undefined => {
  if (!("source_url" in wire && typeof wire.source_url === "string")) return undefined
  if (!("target_url" in wire && typeof wire.target_url === "string")) return undefined
  const set: { -readonly [Flag in (typeof flags)[number]]?: boolean } = {}
  for (const flag of flags) {
    const value: unknown = Reflect.get(wire, flag)
    if (typeof value === "boolean") set[flag] = value
  }
  const status = "status_code" in wire && Number.isInteger(wire.status_code) ? Number(wire.status_code) : undefined
  return {
    source_url: wire.source_url,
    target_url: wire.target_url,
    ...(status !== undefined && { status_code: status }),
    ...set
  }
}

const readHostname = (wire: object): ListItem.Hostname["hostname"] | undefined => {
  if (!("url_hostname" in wire && typeof wire.url_hostname === "string")) return undefined
  const { url_hostname } = wire
  return "exclude_exact_hostname" in wire && typeof wire.exclude_exact_hostname === "boolean"
    ? { url_hostname, exclude_exact_hostname: wire.exclude_exact_hostname }
    : { url_hostname }
}

const readValue = (wire: object): ListItem.ListItem | undefined => {
  if ("ip" in wire && typeof wire.ip === "string") return { kind: "ip", ip: wire.ip }
  if ("asn" in wire && typeof wire.asn === "number") return { kind: "asn", asn: wire.asn }
  const redirect = "redirect" in wire && isObject(wire.redirect) ? readRedirect(wire.redirect) : undefined
  if (redirect !== undefined) return { kind: "redirect", redirect }
  const hostname = "hostname" in wire && isObject(wire.hostname) ? readHostname(wire.hostname) : undefined
  return hostname && { kind: "hostname", hostname }
}

/** The item, if it is of a known kind. */
export const read = (wire: unknown): ListItem.ListItem | undefined => {
  if (!isObject(wire)) return undefined
  const [item, comment] = [readValue(wire), commentOf(wire)]
  return item === undefined || comment === undefined ? item : { ...item, comment }
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** The item in the list, or a text that says why it is not one. */
export const readStored = (wire: unknown): ListItem.StoredItem | string => {
  const item = isObject(wire) ? readValue(wire) : undefined
  if (item === undefined || !isObject(wire)) return "an item that is no address, redirect, hostname or AS number"
  if (!("id" in wire && typeof wire.id === "string")) return "an item without an id"
  const stored: ListItem.ListItem & Mutable<Omit<ListItem.StoredItem, "kind">> = { ...item, id: wire.id }
  const comment = commentOf(wire)
  if (comment !== undefined) stored.comment = comment
  if ("created_on" in wire && typeof wire.created_on === "string") stored.created_on = wire.created_on
  if ("modified_on" in wire && typeof wire.modified_on === "string") stored.modified_on = wire.modified_on
  return stored
}

/** The JSON of an item in a request. */
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
