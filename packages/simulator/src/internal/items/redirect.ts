/**
 * Redirects from a host and path to a URL.
 *
 * Source of the codes and rules: developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-10xxx-errors
 * and developers.cloudflare.com/rules/url-forwarding/bulk-redirects/reference.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Refusals from "../refusals.ts"
import type { Refusal } from "../reply.ts"
import { comment, type Read } from "./newItem.ts"

const Redirection = Schema.Struct({
  source_url: Schema.String,
  target_url: Schema.String,
  status_code: Schema.optionalKey(Schema.Int),
  include_subdomains: Schema.optionalKey(Schema.Boolean),
  subpath_matching: Schema.optionalKey(Schema.Boolean),
  preserve_query_string: Schema.optionalKey(Schema.Boolean),
  preserve_path_suffix: Schema.optionalKey(Schema.Boolean)
})
type Redirection = typeof Redirection.Type

export const Redirect = Schema.Struct({ redirect: Redirection, ...comment })

const longestUrl = 32_768
const mostSlashes = 16
const statusCodes = new Set([301, 302, 307, 308])

interface Source {
  /** With `://`, or empty: `http`, `https` and none are three different sources. */
  readonly scheme: string
  readonly authority: string
  /** Path, query and fragment. */
  readonly rest: string
}

const parts = /^(?:([^/?#]*:\/\/))?([^/?#]*)([^]*)$/

const readSource = (url: string): Source => {
  const [, scheme = "", authority = "", rest = ""] = parts.exec(url) ?? []
  return { scheme: scheme.toLowerCase(), authority: authority.toLowerCase(), rest }
}

const isHost = (text: string) => !/[\s*:]/.test(text) && text.split(".").every((label) => label !== "")

const slashes = (path: string) => path.split("/").length - 1

/** The first rule that the source breaks. */
const refuseSource = (url: string, { authority, rest, scheme }: Source, hasSubpaths: boolean) => {
  const [path = ""] = rest.split(/[?#]/)
  const rules: ReadonlyArray<readonly [broken: boolean, refusal: Refusal]> = [
    [url.length > longestUrl, Refusals.sourceTooLong],
    [url === "", Refusals.invalidSource],
    [!["", "http://", "https://"].includes(scheme), Refusals.sourceScheme],
    // `http:/example.com` has no authority.
    [/^(https?:)?$/.test(authority), Refusals.sourceAuthority],
    [authority.includes("@"), Refusals.sourceUserInfo],
    [/:\d*$/.test(authority), Refusals.sourcePort],
    [/^[^#]*\?/.test(rest), Refusals.sourceQuery],
    [rest.includes("#"), Refusals.sourceFragment],
    [!isHost(authority) || /\s/.test(rest), Refusals.invalidSource],
    // Chosen: the rule is documented, its code is not.
    [hasSubpaths && slashes(path) > mostSlashes, Refusals.invalidSource]
  ]
  return firstBroken(rules)
}

// `example.net:8080/new` has a port and no scheme.
const targetScheme = /^(?![^/]*\.[^/:]*:\d)[a-z][a-z0-9+.-]*:/i
const targetWithoutHost = /^https?:(?!\/\/[^/?#])/i

const refuseTarget = (url: string) =>
  firstBroken([
    [url.length > longestUrl, Refusals.targetTooLong],
    [!targetScheme.test(url), Refusals.targetScheme],
    [/\s/.test(url) || url.endsWith(":") || targetWithoutHost.test(url), Refusals.invalidTarget]
  ])

const refuseFlags = (written: Redirection) =>
  firstBroken([
    [!statusCodes.has(written.status_code ?? 301), Refusals.statusCode],
    [written.preserve_path_suffix === true && written.subpath_matching !== true, Refusals.pathSuffix],
    [written.preserve_query_string === true && /^[^#]*\?/.test(written.target_url), Refusals.queryString]
  ])

const firstBroken = (rules: ReadonlyArray<readonly [broken: boolean, refusal: Refusal]>): Option.Option<Refusal> =>
  Option.fromUndefinedOr(rules.find(([broken]) => broken)?.[1])

/**
 * As written, with the host in lower case, a path, and all flags: recorded answers have them even if they were not
 * written.
 */
const stored = (written: Redirection, { authority, rest, scheme }: Source): Redirection => ({
  include_subdomains: false,
  preserve_path_suffix: false,
  preserve_query_string: false,
  status_code: 301,
  subpath_matching: false,
  ...written,
  source_url: `${scheme}${authority}${rest === "" ? "/" : rest}`
})

export const read: Read<typeof Redirect.Type> = ({ comment, redirect: written }) => {
  const source = readSource(written.source_url)
  const refusal = refuseSource(written.source_url, source, written.subpath_matching === true).pipe(
    Option.orElse(() => refuseTarget(written.target_url)),
    Option.orElse(() => refuseFlags(written))
  )
  if (Option.isSome(refusal)) return Result.fail(refusal.value)
  const redirect = stored(written, source)
  return Result.succeed({ value: { redirect: { ...redirect } }, comment, key: redirect.source_url })
}

/** The path of a stored source. */
export const sourcePath = (key: string): string => readSource(key).rest
