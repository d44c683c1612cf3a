/**
 * Items of the four kinds of list: their shape on the wire, what of them is valid, and when two are the same.
 */
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"

export const Kind = Schema.Literals(["ip", "redirect", "hostname", "asn"])
export type Kind = typeof Kind.Type

/** What was written: the value by its kind, and what to tell and to compare it by. */
export interface NewItem {
  readonly value: Schema.JsonObject
  readonly comment: string | undefined
  /** Equal for two items that the list takes for the same. */
  readonly key: string
  /** What `search` looks at. */
  readonly text: string
}

const comment = { comment: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(500))) }

const Ip = Schema.Struct({ ip: Schema.String, ...comment })

const Redirect = Schema.Struct({
  redirect: Schema.Struct({
    source_url: Schema.String,
    target_url: Schema.String,
    status_code: Schema.optionalKey(Schema.Literals([301, 302, 307, 308])),
    include_subdomains: Schema.optionalKey(Schema.Boolean),
    subpath_matching: Schema.optionalKey(Schema.Boolean),
    preserve_query_string: Schema.optionalKey(Schema.Boolean),
    preserve_path_suffix: Schema.optionalKey(Schema.Boolean)
  }),
  ...comment
})

const Hostname = Schema.Struct({
  hostname: Schema.Struct({
    url_hostname: Schema.String,
    exclude_exact_hostname: Schema.optionalKey(Schema.Boolean)
  }),
  ...comment
})

const Asn = Schema.Struct({ asn: Schema.Int, ...comment })

type Reading = Result.Result<NewItem, Refusal>

// Source of the ranges: developers.cloudflare.com/waf/tools/lists/custom-lists, which has /12 to /128 for IPv6 where the
// OpenAPI schema of 2024 stopped at /64, and says that upper case becomes lower case.
const readIp = ({ comment, ip }: typeof Ip.Type): Reading => {
  const [address = "", prefix, ...rest] = ip.split("/")
  const parsed = NetAddress.ipFromString(address)
  if (Result.isFailure(parsed) || rest.length > 0) return Result.fail(Refusals.invalidItem("ip", ip))
  const width = NetAddress.width(parsed.success)
  const bits = prefix === undefined ? width : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (!(bits >= (width === 32 ? 8 : 12) && bits <= width)) return Result.fail(Refusals.invalidItem("ip", ip))
  const text = ip.toLowerCase()
  return Result.succeed({ value: { ip: text }, comment, key: `${NetAddress.formatIp(parsed.success)}/${bits}`, text })
}

// Source of the components: developers.cloudflare.com/rules/url-forwarding/bulk-redirects/reference/url-components
const sourceUrl = /^(https?:\/\/)?[^\s/?#@:]+(\/[^\s?#]*)?$/i
const targetUrl = /^[a-z][a-z0-9+.-]*:\S+$/i

const readRedirect = ({ comment, redirect }: typeof Redirect.Type): Reading => {
  const { source_url, target_url } = redirect
  if (!sourceUrl.test(source_url)) return Result.fail(Refusals.invalidItem("redirect", source_url))
  if (!targetUrl.test(target_url)) return Result.fail(Refusals.invalidItem("redirect", target_url))
  return Result.succeed({
    // A recorded answer has all of these, also where they were not written.
    value: {
      redirect: {
        include_subdomains: false,
        preserve_path_suffix: false,
        preserve_query_string: false,
        status_code: 301,
        subpath_matching: false,
        ...redirect
      }
    },
    comment,
    key: source_url,
    text: `${source_url} ${target_url}`
  })
}

const hostname = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i

const readHostname = ({ comment, hostname: value }: typeof Hostname.Type): Reading => {
  const text = value.url_hostname.toLowerCase()
  if (text.length > 253 || !hostname.test(text)) {
    return Result.fail(Refusals.invalidItem("hostname", value.url_hostname))
  }
  return Result.succeed({ value: { hostname: { ...value } }, comment, key: text, text })
}

const readAsn = ({ asn, comment }: typeof Asn.Type): Reading =>
  asn < 0 || asn > 0xffff_ffff
    ? Result.fail(Refusals.invalidItem("asn", String(asn)))
    : Result.succeed({ value: { asn }, comment, key: String(asn), text: String(asn) })

const reader = <A>(schema: Schema.Decoder<A>, read: (item: A) => Reading) => {
  const decode = Schema.decodeUnknownResult(Schema.Array(schema), { onExcessProperty: "error" })
  return (body: unknown): Result.Result<ReadonlyArray<NewItem>, Refusal> =>
    Result.flatMap(Result.mapError(decode(body), () => Refusals.invalidJson), (items) => Result.all(items.map(read)))
}

const readers = {
  ip: reader(Ip, readIp),
  redirect: reader(Redirect, readRedirect),
  hostname: reader(Hostname, readHostname),
  asn: reader(Asn, readAsn)
}

/** The items of a write, or why it is refused as a whole. */
export const read = (kind: Kind, body: unknown): Result.Result<ReadonlyArray<NewItem>, Refusal> =>
  Result.flatMap(readers[kind](body), (items) => {
    const seen = new Set<string>()
    for (const { key, text } of items) {
      if (seen.has(key)) return Result.fail(Refusals.duplicateItem(kind, text.split(" ")[0] ?? text))
      seen.add(key)
    }
    return Result.succeed(items)
  })

/** Addresses start with the query, hostnames and redirects contain it, and an ASN is equal to it. */
export const matches = (kind: Kind, text: string, query: string): boolean => {
  const needle = query.toLowerCase()
  switch (kind) {
    case "ip":
      return text.startsWith(needle)
    case "asn":
      return text === needle
    default:
      return text.toLowerCase().includes(needle)
  }
}
