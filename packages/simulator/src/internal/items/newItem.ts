/** A written item, in its stored form. */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Refusal } from "../reply.ts"

/** The kinds of lists. */
export const Kind = Schema.Literals(["ip", "redirect", "hostname", "asn"])
export type Kind = typeof Kind.Type

/** The value by its kind, in the form of answers. */
export type Value =
  | { readonly ip: string }
  | { readonly asn: number }
  | { readonly hostname: { readonly url_hostname: string; readonly exclude_exact_hostname?: boolean } }
  | { readonly redirect: Schema.JsonObject & { readonly source_url: string; readonly target_url: string } }

export interface NewItem {
  readonly value: Value
  readonly comment: string | undefined
  /** Equal for two items that are the same to the list. Keys sort as strings in the order of the list. */
  readonly key: string
}

/** Reads an item; a refusal names its position in the request. */
export type Read<Written> = (written: Written, position: number) => Result.Result<NewItem, Refusal>

export const comment = { comment: Schema.optionalKey(Schema.String) }

/** The item as people know it. */
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
