/**
 * An item as it was written, in the form in which it is stored.
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Refusal } from "../reply.ts"

/** The kinds of lists. */
export const Kind = Schema.Literals(["ip", "redirect", "hostname", "asn"])
export type Kind = typeof Kind.Type

/** The value by its kind, as it is told. */
export type Value =
  | { readonly ip: string }
  | { readonly asn: number }
  | { readonly hostname: { readonly url_hostname: string; readonly exclude_exact_hostname?: boolean } }
  | { readonly redirect: Schema.JsonObject & { readonly source_url: string; readonly target_url: string } }

export interface NewItem {
  readonly value: Value
  readonly comment: string | undefined
  /** Equal for two items that the list takes for the same. Compared as strings, keys are in the order of the list. */
  readonly key: string
}

/** Its position in the request is what a refusal names. */
export type Read<Written> = (written: Written, position: number) => Result.Result<NewItem, Refusal>

export const comment = { comment: Schema.optionalKey(Schema.String) }

/** What tells the item from others, as people write it. */
export const name = (value: Value): string => {
  if ("ip" in value) return value.ip
  if ("asn" in value) return String(value.asn)
  return "hostname" in value ? value.hostname.url_hostname : value.redirect.source_url
}

/**
 * Addresses start with the query, hostnames and redirects contain it, and an ASN is equal to it. All in the stored form.
 *
 * Source: the OpenAPI schema.
 */
export const matches = (value: Value, query: string): boolean => {
  const needle = query.toLowerCase()
  if ("ip" in value) return value.ip.startsWith(needle)
  if ("asn" in value) return String(value.asn) === needle
  if ("hostname" in value) return value.hostname.url_hostname.includes(needle)
  const { source_url, target_url } = value.redirect
  return source_url.toLowerCase().includes(needle) || target_url.toLowerCase().includes(needle)
}
