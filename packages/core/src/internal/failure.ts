/**
 * Which `CloudflareError` an answer without success, or no answer, is.
 *
 * The HTTP status decides. Where it says nothing (2xx with `success: false`, or 400 for everything), Cloudflare's code
 * does; codes belong to a product, so only those of the gateway and of `/rules/lists` are known here.
 */
import type * as Duration from "effect/Duration"
import * as CloudflareError from "../CloudflareError.ts"
import type * as PlainText from "./plainText.ts"

/** One of Cloudflare's own errors, as it came. */
export interface WireError {
  readonly code?: number
  readonly message: string
  readonly pointer?: string
  readonly documentationUrl?: string
  readonly causes?: ReadonlyArray<{ readonly code?: number; readonly message: string }>
}

/** What is known of a call that failed, as it came. */
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

/** A call that failed: its reason, not yet fit to be shown. */
export interface Failure extends Facts {
  readonly reason: CloudflareError.Reason["_tag"]
}

const longestPath = 300
const longestRay = 100
const longestDetail = 1500

/** The error for people. Every text in it that came from outside is shown here, and nowhere else. */
export const toError = (failure: Failure, show: PlainText.Show): CloudflareError.CloudflareError => {
  const { detail, errors = [], host, isChallenge = false, path, ray, reason, ...rest } = failure
  return new CloudflareError.CloudflareError({
    // What the facts hold beyond the fields of a reason is left out.
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
// of Lists, and as far as is known another pending operation (cs-cloudflare-bouncer#121). 10502: too many bad logins.
const rateLimitCodes: ReadonlySet<number> = new Set([971, 10040, 10100, 10429, 10502])

// 6xxx: headers that are no credentials. 9106, 9109, 9300, 10000: missing, unknown, expired, refused.
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

// 10001: no such list or operation. 7000, 7003: no route, which is what an account id of the wrong length gets.
const notFoundCodes: ReadonlySet<number> = new Set([7000, 7003, 10001])

// 1000: "Request timeout", with HTTP 400. Others have no code of their own.
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
  // The official client sends these again; RFC 8470 has the client retry 425, and 499 is nginx's for a closed connection.
  [409, "ServerError"],
  [410, "NotFound"],
  [425, "ServerError"],
  [429, "RateLimited"],
  [499, "ServerError"]
])

/** The reason behind an answer of the API that is no success. */
export const refused = (facts: Facts & { readonly status: number }): Failure => {
  const { status } = facts
  const reason = byStatus.get(status) ?? (status >= 500 ? "ServerError" : byErrors(facts))
  return { ...facts, reason }
}
