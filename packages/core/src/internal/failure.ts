/**
 * Which `CloudflareError` an answer without success, or no answer, is.
 *
 * The HTTP status decides. Where it says nothing (2xx with `success: false`, or 400 for everything), Cloudflare's code
 * does; codes belong to a product, so only those of the gateway and of `/rules/lists` are known here.
 */
import type * as Duration from "effect/Duration"
import * as CloudflareError from "../CloudflareError.ts"

/** What is known of a call that failed. */
export interface Failure {
  readonly method: string
  readonly path: string
  readonly status?: number
  readonly ray?: string
  readonly errors: ReadonlyArray<CloudflareError.ApiError>
  readonly detail?: string
  readonly retryAfter?: Duration.Duration
}

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

// 10001: no such list or operation.
const notFoundCodes: ReadonlySet<number> = new Set([10001])

const byCode = (failure: Failure): CloudflareError.Reason | undefined => {
  const { retryAfter: _, ...fields } = failure
  const has = (codes: ReadonlySet<number>) => failure.errors.some(({ code }) => code !== undefined && codes.has(code))
  if (has(rateLimitCodes)) return new CloudflareError.RateLimited(failure)
  if (has(credentialCodes)) return new CloudflareError.Unauthorized(fields)
  if (has(notFoundCodes)) return new CloudflareError.NotFound(fields)
  return undefined
}

/** The reason behind an answer that is no success. */
export const reason = (failure: Failure & { readonly status: number }): CloudflareError.Reason => {
  const { retryAfter: _, ...fields } = failure
  const { status } = failure
  switch (status) {
    case 401:
      return new CloudflareError.Unauthorized(fields)
    case 403:
      return new CloudflareError.Forbidden(fields)
    case 404:
    case 410:
      return new CloudflareError.NotFound(fields)
    case 408:
      return new CloudflareError.Timeout(fields)
    case 429:
      return new CloudflareError.RateLimited(failure)
  }
  if (status >= 500) return new CloudflareError.ServerError(failure)
  if (status >= 400) return byCode(failure) ?? new CloudflareError.InvalidRequest(fields)
  const refused = status >= 200 && status < 300 && failure.errors.length > 0
  return refused
    ? byCode(failure) ?? new CloudflareError.InvalidRequest(fields)
    : new CloudflareError.UnexpectedResponse(fields)
}
