/**
 * Items of lists: addresses, redirects, hostnames or AS numbers, each with an optional comment.
 *
 * Fields have the names of Cloudflare's API; `kind` discriminates the four. **Gotcha:** Cloudflare normalizes items
 * (`10.0.0.1/32` becomes `10.0.0.1`), so compare written and read items only by `key` and `equals`.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Address from "./internal/address.ts"
import * as HostnameRules from "./internal/hostname.ts"
import * as RedirectRules from "./internal/redirect.ts"
import * as Time from "./internal/time.ts"

/**
 * The kinds of lists, and of their items.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * Schema.is(ListItem.ListKind)("asn") // => true
 */
export const ListKind = Schema.Literals(["ip", "redirect", "hostname", "asn"])
export type ListKind = typeof ListKind.Type

const comment = { comment: Schema.optionalKey(Schema.String) }

/**
 * An IPv4 or IPv6 address, or a network of them: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * Schema.is(ListItem.Ip)({ kind: "ip", ip: "192.0.2.0/24" }) // => true
 */
export const Ip = Schema.Struct({ kind: Schema.tag("ip"), ip: Schema.String, ...comment })
export type Ip = typeof Ip.Type

/**
 * Source and target of a bulk redirect. The default `status_code` is 301; flags default to false.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * Schema.is(ListItem.RedirectTarget)({ source_url: "example.com/old", target_url: "https://example.com/new" }) // => true
 */
export const RedirectTarget = Schema.Struct({
  /** Host and path, with `http://` or `https://` to match only that scheme. No query, port or wildcard. */
  source_url: Schema.String,
  target_url: Schema.String,
  /** 301, 302, 307 or 308. */
  status_code: Schema.optionalKey(Schema.Int),
  include_subdomains: Schema.optionalKey(Schema.Boolean),
  subpath_matching: Schema.optionalKey(Schema.Boolean),
  preserve_query_string: Schema.optionalKey(Schema.Boolean),
  preserve_path_suffix: Schema.optionalKey(Schema.Boolean)
})
export type RedirectTarget = typeof RedirectTarget.Type

/**
 * A bulk redirect.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * const redirect = { source_url: "example.com/old", target_url: "https://example.com/new", status_code: 308 }
 * Schema.is(ListItem.Redirect)({ kind: "redirect", redirect }) // => true
 */
export const Redirect = Schema.Struct({ kind: Schema.tag("redirect"), redirect: RedirectTarget, ...comment })
export type Redirect = typeof Redirect.Type

/**
 * A hostname, or, with `*.` in front, all names below it.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * Schema.is(ListItem.Hostname)({ kind: "hostname", hostname: { url_hostname: "*.example.com" } }) // => true
 */
export const Hostname = Schema.Struct({
  kind: Schema.tag("hostname"),
  hostname: Schema.Struct({
    url_hostname: Schema.String,
    /** Whether `*.example.com` excludes `example.com` itself; Cloudflare's default is true. */
    exclude_exact_hostname: Schema.optionalKey(Schema.Boolean)
  }),
  ...comment
})
export type Hostname = typeof Hostname.Type

/**
 * The number of an autonomous system, from 1 to 4,294,967,295.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Schema } from "effect"
 *
 * Schema.is(ListItem.Asn)({ kind: "asn", asn: 13335, comment: "Cloudflare" }) // => true
 */
export const Asn = Schema.Struct({ kind: Schema.tag("asn"), asn: Schema.Finite, ...comment })
export type Asn = typeof Asn.Type

/**
 * An item of one of the four kinds, discriminated by `kind`. Has `match`, `guards`, `isAnyOf` and `cases`.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 *
 * const describe = ListItem.ListItem.match({
 *   ip: ({ ip }) => ip,
 *   redirect: ({ redirect }) => `${redirect.source_url} -> ${redirect.target_url}`,
 *   hostname: ({ hostname }) => hostname.url_hostname,
 *   asn: ({ asn }) => `AS${asn}`
 * })
 * describe(ListItem.asn(13335)) // => "AS13335"
 */
export const ListItem = Schema.Union([Ip, Redirect, Hostname, Asn]).pipe(Schema.toTaggedUnion("kind"))
export type ListItem = typeof ListItem.Type

/** An item in a list. */
export type StoredItem = ListItem & {
  readonly id: string
  /** RFC 3339, as Cloudflare wrote it; `createdOn` reads it. */
  readonly created_on?: string
  /** RFC 3339, as Cloudflare wrote it; `modifiedOn` reads it. */
  readonly modified_on?: string
}

/** Options of any item. */
export interface Options {
  /** At most 500 characters. An empty one counts as none. */
  readonly comment?: string | undefined
}

const noted = ({ comment }: Options = {}) => (comment === undefined ? {} : { comment })

/**
 * An address or network.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 *
 * ListItem.ip("192.0.2.0/24", { comment: "a test network" }).ip // => "192.0.2.0/24"
 */
export const ip = (address: string, options?: Options): Ip => ({ kind: "ip", ip: address, ...noted(options) })

/** A bulk redirect; see `RedirectTarget` for the defaults. */
export const redirect = (redirect: RedirectTarget, options?: Options): Redirect => ({
  kind: "redirect",
  redirect,
  ...noted(options)
})

/** A hostname, or all names below one: `*.example.com`. */
export const hostname = (
  name: string,
  options?: Options & { readonly exclude_exact_hostname?: boolean | undefined }
): Hostname => ({
  kind: "hostname",
  hostname: {
    url_hostname: name,
    ...(options?.exclude_exact_hostname !== undefined && { exclude_exact_hostname: options.exclude_exact_hostname })
  },
  ...noted(options)
})

/** The number of an autonomous system. */
export const asn = (number: number, options?: Options): Asn => ({ kind: "asn", asn: number, ...noted(options) })

const maxComment = 500

const normalizeComment = (comment: string | undefined): Result.Result<{ readonly comment?: string }, string> =>
  comment === undefined || comment === ""
    ? Result.succeed({})
    // Characters, not UTF-16 units: Cloudflare does not document which it counts.
    : comment.length > maxComment && Array.from(comment).length > maxComment
    ? Result.fail(`the comment is longer than ${maxComment} characters`)
    : Result.succeed({ comment })

const normalizeAsn = (asn: number): Result.Result<number, string> =>
  Number.isInteger(asn) && asn >= 1 && asn <= 0xffff_ffff
    ? Result.succeed(asn)
    : Result.fail("an AS number is a whole number from 1 to 4294967295")

const normalizeValue = (item: ListItem): Result.Result<ListItem, string> => {
  switch (item.kind) {
    case "ip":
      return Result.map(Address.normalize(item.ip), (ip) => ({ kind: "ip", ip }))
    case "redirect":
      return Result.map(RedirectRules.normalize(item.redirect), (redirect) => ({ kind: "redirect", redirect }))
    case "hostname":
      return Result.map(HostnameRules.normalize(item.hostname), (hostname) => ({ kind: "hostname", hostname }))
    case "asn":
      return Result.map(normalizeAsn(item.asn), (asn) => ({ kind: "asn", asn }))
  }
}

/**
 * The item in Cloudflare's normalized form, or the reason why Cloudflare refuses it.
 *
 * Only rules that Cloudflare documents are checked; Cloudflare decides about the rest.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { Result } from "effect"
 *
 * ListItem.normalize(ListItem.ip("2001:DB8:0::1/64")) // => Result.succeed(ListItem.ip("2001:db8::/64"))
 * ListItem.normalize(ListItem.asn(0)) // => Result.fail("an AS number is a whole number from 1 to 4294967295")
 */
export const normalize = (item: ListItem): Result.Result<ListItem, string> =>
  Result.flatMap(
    normalizeValue(item),
    (value) => Result.map(normalizeComment(item.comment), (comment) => ({ ...value, ...comment }))
  )

/**
 * Equal for two items that are the same to a list: the same network, source URL, name or number, in any form.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 *
 * ListItem.key(ListItem.ip("10.0.0.1/32")) === ListItem.key(ListItem.ip("10.0.0.1")) // => true
 */
export const key = (item: ListItem): string => {
  switch (item.kind) {
    case "ip":
      return Result.match(Address.parse(item.ip), { onSuccess: Address.format, onFailure: () => item.ip })
    case "redirect":
      return RedirectRules.key(item.redirect)
    case "hostname":
      return HostnameRules.key(item.hostname)
    case "asn":
      return String(item.asn)
  }
}

const sameDetails = (self: ListItem, that: ListItem): boolean => {
  if (self.kind === "redirect" && that.kind === "redirect") return RedirectRules.same(self.redirect, that.redirect)
  return self.kind !== "hostname" || that.kind !== "hostname" || HostnameRules.same(self.hostname, that.hostname)
}

/**
 * Whether two items with the same key have the same comment and details, so that overwriting one changes nothing.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 *
 * const one = ListItem.ip("192.0.2.1", { comment: "seen scanning" })
 * ListItem.sameContent(one, ListItem.ip("192.0.2.1")) // => false
 */
export const sameContent = (self: ListItem, that: ListItem): boolean =>
  (self.comment ?? "") === (that.comment ?? "") && sameDetails(self, that)

/**
 * Whether two items are equal in value and comment, in Cloudflare's normalized form.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 *
 * ListItem.equals(ListItem.hostname("Bücher.example"), ListItem.hostname("xn--bcher-kva.example")) // => true
 */
export const equals = (self: ListItem, that: ListItem): boolean =>
  self.kind === that.kind && key(self) === key(that) && sameContent(self, that)

/** The item as people know it. */
export const show: (item: ListItem) => string = ListItem.match({
  ip: ({ ip }) => ip,
  redirect: ({ redirect }) => redirect.source_url,
  hostname: ({ hostname }) => hostname.url_hostname,
  asn: ({ asn }) => String(asn)
})

/**
 * When the item was added; none if Cloudflare's time is missing or unreadable.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { DateTime, Option } from "effect"
 *
 * const stored = { ...ListItem.ip("192.0.2.1"), id: "item-1", created_on: "2026-01-01T09:00:00+01:00" }
 * Option.map(ListItem.createdOn(stored), DateTime.formatIso) // => Option.some("2026-01-01T08:00:00.000Z")
 */
export const createdOn = ({ created_on }: StoredItem) => Time.read(created_on)

/**
 * When the item was last changed; none if Cloudflare's time is missing or unreadable.
 *
 * @example
 * import { ListItem } from "@bulk-operations/lists"
 * import { DateTime, Option } from "effect"
 *
 * const stored = { ...ListItem.ip("192.0.2.1"), id: "item-1", modified_on: "2026-01-01T09:00:00+01:00" }
 * Option.map(ListItem.modifiedOn(stored), DateTime.formatIso) // => Option.some("2026-01-01T08:00:00.000Z")
 */
export const modifiedOn = ({ modified_on }: StoredItem) => Time.read(modified_on)
