/**
 * Maps an unsuccessful or missing answer to a `CloudflareError`.
 *
 * The HTTP status decides. If it is not specific (2xx with `success: false`, or 400 for everything), Cloudflare's code
 * decides. Codes belong to a product, so only those of the gateway and of `/rules/lists` are listed here.
 */
import type * as Duration from "effect/Duration"
import * as CloudflareError from "../CloudflareError.ts"
import type * as PlainText from "./plainText.ts"

/** One of Cloudflare's own errors, unprocessed. */
export interface WireError {
  readonly code?: number
  readonly message: string
  readonly pointer?: string
  readonly documentationUrl?: string
  readonly causes?: ReadonlyArray<{ readonly code?: number; readonly message: string }>
}

/** The facts about a failed call, unprocessed. */
export interface Facts {
  readonly method: string
  readonly path: string
  readonly host?: string
  readonly status?: number
  readonly ray?: string
  readonly errors?: ReadonlyArray<WireError>
  readonly detail?: string
  readonly retryAfter?: Duration.Duration
  readonly neverSent?: boolean
  readonly isChallenge?: boolean
}

/** A failed call: its reason, not yet safe to show. */
export interface Failure extends Facts {
  readonly reason: CloudflareError.Reason["_tag"]
}

const longestPath = 300
const longestRay = 100
const longestDetail = 1500

/** The error for users. Every text from outside goes through `show` here, and only here. */
export const toError = (failure: Failure, show: PlainText.Show): CloudflareError.CloudflareError => {
  const { detail, errors = [], host, isChallenge = false, path, ray, reason, ...rest } = failure
  return new CloudflareError.CloudflareError({
    // Facts that are not fields of a reason are left out.
    reason: new CloudflareError.Reason.cases[reason]({
      ...rest,
      path: show(path, longestPath),
      ...(host !== undefined && { host: show(host) }),
      ...(ray !== undefined && { ray: show(ray, longestRay) }),
      errors: errors.map((error) => toApiError(error, show)),
      ...(detail !== undefined && { detail: show(detail, longestDetail) }),
      isChallenge
    })
  })
}

const toApiError = ({ causes, documentationUrl, message, pointer, ...rest }: WireError, show: PlainText.Show) =>
  new CloudflareError.ApiError({
    ...rest,
    message: show(message),
    ...(pointer !== undefined && { pointer: show(pointer) }),
    ...(documentationUrl !== undefined && { documentationUrl: show(documentationUrl) }),
    ...(causes !== undefined && { causes: causes.map((cause) => ({ ...cause, message: show(cause.message) })) })
  })

// 971, 10100 and 10429: the API's limit of requests (terraform-provider-cloudflare#5494, #1834). 10040: the write limit
// of Lists, and apparently another pending operation (cs-cloudflare-bouncer#121). 10502: too many bad logins.
const rateLimitCodes: ReadonlySet<number> = new Set([971, 10040, 10100, 10429, 10502])

// 6xxx: malformed credential headers. 9106, 9109, 9300, 10000: missing, unknown, expired, refused.
const credentialCodes: ReadonlySet<number> = new Set([
  6003,
  6004,
  6100,
  6101,
  6102,
  6103,
  6111,
  6301,
  9106,
  9109,
  9300,
  10000
])

// 10001: no such list or operation. 7000, 7003: no route, as for an account id of the wrong length.
const notFoundCodes: ReadonlySet<number> = new Set([7000, 7003, 10001])

// 1000: "Request timeout", with HTTP 400. Other transient errors have no specific code.
const isForTheMoment = ({ code, message }: WireError) =>
  code === 1000 || /please try again|try again later/i.test(message)

const byErrors = ({ errors = [] }: Facts): Failure["reason"] => {
  const has = (codes: ReadonlySet<number | undefined>) => errors.some(({ code }) => codes.has(code))
  if (has(rateLimitCodes)) return "RateLimited"
  if (has(credentialCodes)) return "Unauthorized"
  if (has(notFoundCodes)) return "NotFound"
  return errors.some(isForTheMoment) ? "ServerError" : "InvalidRequest"
}

const byStatus = new Map<number, Failure["reason"]>([
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [408, "Timeout"],
  // The official client retries these. RFC 8470 asks clients to retry 425, and 499 is nginx's code for a closed
  // connection.
  [409, "ServerError"],
  [410, "NotFound"],
  [425, "ServerError"],
  [429, "RateLimited"],
  [499, "ServerError"]
])

/** The reason for an unsuccessful answer of the API. */
export const refused = (facts: Facts & { readonly status: number }): Failure => {
  const { status } = facts
  const reason = byStatus.get(status) ?? (status >= 500 ? "ServerError" : byErrors(facts))
  return { ...facts, reason }
}
