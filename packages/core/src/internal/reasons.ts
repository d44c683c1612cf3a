/** The reasons of `CloudflareError`, with their messages. */
import * as Schema from "effect/Schema"
import * as Message from "./message.ts"

const id = (name: string) => `@bulk-operations/core/CloudflareError/${name}`

const withCode = (error: { readonly code?: number; readonly message: string }) =>
  error.code === undefined ? error.message : `${error.message} (code ${error.code})`

/**
 * One of Cloudflare's own errors, as its answer lists them.
 *
 * Codes belong to a product (10040 is a rate limit in Lists and bad JSON in R2) and may be absent. `causes` is the
 * `error_chain` of older answers.
 *
 * @example
 * import { CloudflareError } from "@bulk-operations/core"
 *
 * const full = new CloudflareError.ApiError({ code: 10019, message: "You have reached the maximum number of lists" })
 * const codes = (error: CloudflareError.CloudflareError) => error.reason.errors.map(({ code }) => code)
 * const reason = new CloudflareError.InvalidRequest({ method: "POST", path: "/accounts", status: 400, errors: [full] })
 *
 * codes(new CloudflareError.CloudflareError({ reason })) // => [10019]
 */
export class ApiError extends Schema.Class<ApiError>(id("ApiError"))({
  code: Schema.optionalKey(Schema.Finite),
  message: Schema.String,
  pointer: Schema.optionalKey(Schema.String),
  documentationUrl: Schema.optionalKey(Schema.String),
  causes: Schema.optionalKey(
    Schema.Array(Schema.Struct({ code: Schema.optionalKey(Schema.Finite), message: Schema.String }))
  )
}) {
  override toString(): string {
    const causes = this.causes?.map(withCode).join("; ")
    return withCode(this) + (this.pointer ? ` at ${this.pointer}` : "") + (causes ? ` [${causes}]` : "")
  }
}

const fields = {
  /** HTTP method of the request. */
  method: Schema.String,
  /** Path of the request below the base URL, without its query. */
  path: Schema.String,
  /** Host of the base URL, if that is valid. */
  host: Schema.optionalKey(Schema.String),
  /** HTTP status, if an answer came. */
  status: Schema.optionalKey(Schema.Int),
  /** The `cf-ray` of the answer: what Cloudflare's support asks for first. */
  ray: Schema.optionalKey(Schema.String),
  /** Cloudflare's errors, in their order. Empty if the answer has none. */
  errors: Schema.Array(ApiError),
  /** What went wrong in our own words, if Cloudflare's do not say it. */
  detail: Schema.optionalKey(Schema.String),
  /** How long Cloudflare asks to wait, if it does (`Retry-After`, in seconds or as a date). */
  retryAfter: Schema.optionalKey(Schema.Duration)
}

const sendable = {
  ...fields,
  /** True if the request was certainly not sent. Absent if it may have reached Cloudflare. */
  neverSent: Schema.optionalKey(Schema.Boolean)
}

/**
 * The credentials are expired or unknown (HTTP 401, or codes that say so). Without `status`, there were none to send:
 * they are malformed, or their effect failed.
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>(id("Unauthorized"))("Unauthorized", fields) {
  override get message(): string {
    return Message.describe(
      this.status === undefined ? "There are no usable credentials" : "Cloudflare does not accept the credentials",
      this,
      "Check the API token, or the email with its global API key."
    )
  }
}

/**
 * Cloudflare does not allow this call (HTTP 403): a permission is missing, or the credentials are not valid. It uses
 * the same codes (10000, 9109) for both, and for a token that is only seconds old.
 */
export class Forbidden extends Schema.TaggedError<Forbidden>(id("Forbidden"))("Forbidden", fields) {
  override get message(): string {
    return Message.describe(
      "Cloudflare does not allow this call",
      this,
      "Either the token lacks the permission Account Filter Lists (Read to wait, Edit to write) for this account, or it is expired, revoked, or too new."
    )
  }
}

/**
 * A firewall in front of the API stopped the request (HTTP 403 with a page, or one of Cloudflare's codes 1xxx): the API
 * never saw it. A challenge for browsers may pass; any other block is permanent.
 */
export class Blocked extends Schema.TaggedError<Blocked>(id("Blocked"))("Blocked", {
  ...fields,
  /** Whether it was a challenge that a browser can pass. */
  isChallenge: Schema.Boolean
}) {
  override get message(): string {
    return Message.describe(
      "A firewall in front of the API blocked the request",
      this,
      this.isChallenge
        ? "It was a challenge for browsers, which may pass: try again later."
        : "No permission is missing: send the request from another address, or with another body, or report the cf-ray to Cloudflare's support."
    )
  }
}

/**
 * The account, list or operation is unknown (HTTP 404). Cloudflare does not document how long it keeps an operation.
 */
export class NotFound extends Schema.TaggedError<NotFound>(id("NotFound"))("NotFound", fields) {
  override get message(): string {
    return Message.describe(
      "Cloudflare did not find the resource",
      this,
      "Check the id and the account. An operation that was there before may have ended and been forgotten."
    )
  }
}

/** The request is wrong and was refused, by Cloudflare or here before anything was sent (then without `status`). */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>(id("InvalidRequest"))("InvalidRequest", fields) {
  override get message(): string {
    return Message.describe(
      this.status === undefined ? "The request was not sent" : "Cloudflare refused the request",
      this,
      "Sending it again unchanged will not help."
    )
  }
}

/** Too many requests, or another bulk operation of the account is pending (HTTP 429). Cloudflare does not say which. */
export class RateLimited extends Schema.TaggedError<RateLimited>(id("RateLimited"))("RateLimited", fields) {
  override get message(): string {
    return Message.describe("Cloudflare asks to slow down", this, Message.tryAgain(this))
  }
}

/**
 * Cloudflare failed (HTTP 5xx), or could not handle the request now (409, 425, 499, and refusals that say "please try
 * again"). Usually transient.
 */
export class ServerError extends Schema.TaggedError<ServerError>(id("ServerError"))("ServerError", fields) {
  override get message(): string {
    return Message.describe("Cloudflare failed", this, Message.tryAgain(this))
  }
}

/**
 * No connection is possible: an untrusted certificate, a server without TLS, a port that `fetch` refuses, a proxy that
 * requires a password. Nothing was sent, and trying again does not help; `detail` says what does.
 */
export class Unreachable extends Schema.TaggedError<Unreachable>(id("Unreachable"))("Unreachable", fields) {
  override get message(): string {
    return Message.describe(
      `No connection to Cloudflare${Message.at(this)} is possible`,
      this,
      "Trying again will not help."
    )
  }
}

/** The response was incomplete or never arrived: no connection, a reset, or a body that stopped in the middle. */
export class TransportError
  extends Schema.TaggedError<TransportError>(id("TransportError"))("TransportError", sendable)
{
  override get message(): string {
    return Message.describe(
      this.neverSent === true ? "There was no connection" : "The response was incomplete or never arrived",
      this,
      `Check the network and the base URL${Message.at(this)}.`
    )
  }
}

/** No complete answer arrived in time, or Cloudflare did not receive the complete request in time (HTTP 408). */
export class Timeout extends Schema.TaggedError<Timeout>(id("Timeout"))("Timeout", sendable) {
  override get message(): string {
    return Message.describe("Cloudflare did not answer in time", this, Message.tryAgain(this))
  }
}

/**
 * An answer without usable content: an HTML page, an empty body, an envelope without a result. Usually it comes from
 * something in between, and is transient.
 */
export class MalformedResponse
  extends Schema.TaggedError<MalformedResponse>(id("MalformedResponse"))("MalformedResponse", fields)
{
  override get message(): string {
    return Message.describe(
      "The response has no usable content",
      this,
      `Try again later; if it persists, check the base URL and any proxy in between${Message.at(this)}.`
    )
  }
}

/** An answer that this library does not understand: another shape, an unknown status. */
export class UnexpectedResponse
  extends Schema.TaggedError<UnexpectedResponse>(id("UnexpectedResponse"))("UnexpectedResponse", fields)
{
  override get message(): string {
    return Message.describe(
      "Cloudflare's answer is not what this library expects",
      this,
      `Check the base URL${Message.at(this)}; if it is right, the API has changed.`
    )
  }
}

const reasons = [
  Unauthorized,
  Forbidden,
  Blocked,
  NotFound,
  InvalidRequest,
  RateLimited,
  ServerError,
  Unreachable,
  TransportError,
  Timeout,
  MalformedResponse,
  UnexpectedResponse
] as const

for (const { prototype } of reasons) Object.assign(prototype, Message.printing)

/**
 * Why a call failed.
 *
 * @example
 * import { CloudflareError } from "@bulk-operations/core"
 *
 * // What to do for each reason.
 * const advice = CloudflareError.Reason.match({
 *   Unauthorized: () => "check the token",
 *   Forbidden: () => "check the permissions of the token",
 *   Blocked: ({ isChallenge }) => (isChallenge ? "try later" : "ask Cloudflare, with the ray"),
 *   NotFound: () => "check the id and the account",
 *   InvalidRequest: ({ detail }) => `correct the call: ${detail}`,
 *   RateLimited: () => "try later",
 *   ServerError: () => "try later",
 *   Unreachable: () => "check proxy and certificates",
 *   TransportError: () => "try later",
 *   Timeout: () => "try later",
 *   MalformedResponse: () => "check what is in between",
 *   UnexpectedResponse: () => "check the base URL"
 * })
 * advice(new CloudflareError.NotFound({ method: "GET", path: "/accounts", status: 404, errors: [] }))
 * // => "check the id and the account"
 */
export const Reason = Schema.Union(reasons).pipe(Schema.toTaggedUnion("_tag"))
export type Reason = typeof Reason.Type
