/**
 * Cloudflare's rules for redirects, each with its error code.
 *
 * Sources: developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-10xxx-errors, one page for
 * each code, and /rules/url-forwarding/bulk-redirects for wildcards and what a target may be. Not checked here, because
 * the exact rule is unknown: the number of slashes (16) in a source, and of equal paths (16) in an account.
 */
import * as Result from "effect/Result"

const maxLength = 32_768

// Scheme (optional), authority, path, query and fragment (RFC 3986, appendix B).
const source = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/is

const sourceRefusal = (url: string): string | undefined => {
  if (url.length > maxLength) return `the source is longer than ${maxLength} characters (10043)`
  const [, scheme, authority = "", , query, fragment] = source.exec(url) ?? []
  if (scheme !== undefined && !/^https?$/i.test(scheme)) {
    return "the scheme of a source must be http, https or none (10049)"
  }
  if (authority === "") return "the source has no host (10051)"
  if (authority.includes("@")) return "a source must not have user info (10050)"
  if (/:\d*$/.test(authority)) return "a source must not have a port (10052)"
  if (authority.includes("*")) return "a source must not have wildcards; use include_subdomains instead (10045)"
  if (query !== undefined) return "a source must not have a query string (10053)"
  if (fragment !== undefined) return "a source must not have a fragment (10054)"
  return /[\s\p{Cc}\p{Cf}]/u.test(url) ? "a source must not have spaces or invisible characters (10045)" : undefined
}

const targetRefusal = (url: string): string | undefined => {
  if (url.length > maxLength) return `the target is longer than ${maxLength} characters (10044)`
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return "the target has no scheme, such as https:// (10060)"
  return /^https?:/i.test(url) && !/^https?:\/\/[^/?#]/i.test(url) ? "the target has no host (10046)" : undefined
}

export interface Redirect {
  readonly source_url: string
  readonly target_url: string
  readonly status_code?: number
  readonly include_subdomains?: boolean
  readonly subpath_matching?: boolean
  readonly preserve_query_string?: boolean
  readonly preserve_path_suffix?: boolean
}

// Each part is valid by itself.
const combinationRefusal = (redirect: Redirect): string | undefined => {
  const { preserve_path_suffix, preserve_query_string, status_code = 301, subpath_matching, target_url } = redirect
  if (![301, 302, 307, 308].includes(status_code)) {
    return `the status must be 301, 302, 307 or 308, not ${status_code} (10047)`
  }
  if (preserve_path_suffix === true && subpath_matching !== true) {
    return "preserve_path_suffix needs subpath_matching (10048)"
  }
  if (preserve_query_string === true && /^[^#]*\?/.test(target_url)) {
    return "preserve_query_string and a query string in the target cannot be combined (10055)"
  }
  return undefined
}

// Cloudflare adds the slash of an empty path (terraform-provider-cloudflare#2538).
const normalizeSource = (url: string): string => (source.exec(url)?.[3] === "" ? `${url}/` : url)

// All flags are always written, because the documentation contradicts itself about their defaults.
const completed = (redirect: Redirect): Required<Redirect> => ({
  source_url: normalizeSource(redirect.source_url),
  target_url: redirect.target_url,
  status_code: redirect.status_code ?? 301,
  include_subdomains: redirect.include_subdomains ?? false,
  subpath_matching: redirect.subpath_matching ?? false,
  preserve_query_string: redirect.preserve_query_string ?? false,
  preserve_path_suffix: redirect.preserve_path_suffix ?? false
})

/** The normal form of a redirect, or why Cloudflare refuses it. */
export const normalize = (redirect: Redirect): Result.Result<Required<Redirect>, string> => {
  const refusal = sourceRefusal(redirect.source_url) ?? targetRefusal(redirect.target_url) ??
    combinationRefusal(redirect)
  return refusal === undefined ? Result.succeed(completed(redirect)) : Result.fail(refusal)
}

/** Equal for two redirects that are the same to a list: scheme and host of a source are case-insensitive. */
export const key = ({ source_url }: Redirect): string => {
  const normal = normalizeSource(source_url)
  const [, scheme, authority = ""] = source.exec(normal) ?? []
  const head = (scheme === undefined ? 0 : scheme.length + 3) + authority.length
  return normal.slice(0, head).toLowerCase() + normal.slice(head)
}

const flags = ["include_subdomains", "subpath_matching", "preserve_query_string"] as const

/** Whether two redirects with the same key lead to the same target in the same way. */
export const same = (self: Redirect, that: Redirect): boolean => {
  const [a, b] = [completed(self), completed(that)]
  return a.target_url === b.target_url && a.status_code === b.status_code &&
    flags.every((flag) => a[flag] === b[flag]) &&
    // Without subpath matching there is no suffix; the documentation's pages differ on what Cloudflare then stores.
    (!a.subpath_matching || a.preserve_path_suffix === b.preserve_path_suffix)
}
