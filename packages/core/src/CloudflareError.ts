/**
 * How a call to Cloudflare can fail: one error, nine reasons.
 *
 * A reason keeps what a person needs to act and what Cloudflare's support asks for: HTTP status, Cloudflare's own codes
 * and texts, the ray id, and which call it was. Everything in it is plain data; credentials never get in.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as PlainText from "./internal/plainText.ts"

/**
 * One of Cloudflare's own errors, as its answer lists them.
 *
 * Codes belong to a product (10040 is a rate limit in Lists and bad JSON in R2) and may be absent. `causes` is the
 * `error_chain` of older answers.
 */
export class ApiError extends Schema.Class<ApiError>("@bulk-operations/core/CloudflareError/ApiError")({
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

const withCode = (error: { readonly code?: number; readonly message: string }) =>
  error.code === undefined ? error.message : `${error.message} (code ${error.code})`

const fields = {
  /** HTTP method of the request. */
  method: Schema.String,
  /** Path of the request below the base URL, without its query. */
  path: Schema.String,
  /** HTTP status, where an answer came. */
  status: Schema.optionalKey(Schema.Int),
  /** The `cf-ray` of the answer: what Cloudflare's support asks for first. */
  ray: Schema.optionalKey(Schema.String),
  /** Cloudflare's errors, in its order. Empty where the answer held none. */
  errors: Schema.Array(ApiError),
  /** What was wrong in our own words, where Cloudflare's do not say it. */
  detail: Schema.optionalKey(Schema.String)
}

interface Fields extends Schema.Schema.Type<typeof reasonFields> {}
const reasonFields = Schema.Struct(fields)

const describe = (summary: string, reason: Fields, advice: string): string => {
  const said = [...reason.errors.map(String), ...(reason.detail === undefined ? [] : [reason.detail])]
  const call = [reason.status, reason.method, reason.path].filter((part) => part !== undefined).join(" ")
  const where = reason.ray === undefined ? call : `${call}, cf-ray ${reason.ray}`
  const what = PlainText.onOneLine([summary, ...(said.length === 0 ? [] : [said.join("; ")])].join(": "))
  return `${/[.!?…]$/.test(what) ? what : `${what}.`} ${advice} (${where})`
}

const tryAgain = (after: Duration.Duration | undefined) =>
  after === undefined ? "Try again later." : `Try again in ${Duration.format(after)}.`

/**
 * The credentials are expired or unknown (HTTP 401, or codes that say so); or, then without `status`, there are none to
 * send: they are malformed, or their effect failed.
 */
export class Unauthorized
  extends Schema.TaggedError<Unauthorized>("@bulk-operations/core/CloudflareError/Unauthorized")(
    "Unauthorized",
    fields
  )
{
  override get message(): string {
    return describe(
      this.status === undefined ? "There are no usable credentials" : "Cloudflare does not accept the credentials",
      this,
      "Check the API token, or the email with its global API key."
    )
  }
}

/** The credentials are good, but not for this (HTTP 403). */
export class Forbidden extends Schema.TaggedError<Forbidden>("@bulk-operations/core/CloudflareError/Forbidden")(
  "Forbidden",
  fields
) {
  override get message(): string {
    return describe(
      "Cloudflare does not allow this call",
      this,
      "The token needs the permission Account Filter Lists (Read to wait, Edit to write) for this account."
    )
  }
}

/**
 * The account, list or operation is not known (HTTP 404). For how long Cloudflare remembers an operation is not
 * documented.
 */
export class NotFound extends Schema.TaggedError<NotFound>("@bulk-operations/core/CloudflareError/NotFound")(
  "NotFound",
  fields
) {
  override get message(): string {
    return describe(
      "Cloudflare does not know what was asked for",
      this,
      "Check the id and the account. An operation that was there before may have ended and been forgotten."
    )
  }
}

/** The request is wrong and was refused, by Cloudflare or here before anything was sent (then without `status`). */
export class InvalidRequest
  extends Schema.TaggedError<InvalidRequest>("@bulk-operations/core/CloudflareError/InvalidRequest")(
    "InvalidRequest",
    fields
  )
{
  override get message(): string {
    return describe(
      this.status === undefined ? "The request was not sent" : "Cloudflare refused the request",
      this,
      "Sending it again unchanged will not help."
    )
  }
}

/** Too many requests, or another bulk operation of the account is pending (HTTP 429). Cloudflare does not say which. */
export class RateLimited extends Schema.TaggedError<RateLimited>("@bulk-operations/core/CloudflareError/RateLimited")(
  "RateLimited",
  {
    ...fields,
    /** How long Cloudflare asks to wait, where it does (`Retry-After`, in seconds or as a date). */
    retryAfter: Schema.optionalKey(Schema.Duration)
  }
) {
  override get message(): string {
    return describe("Cloudflare asks to slow down", this, tryAgain(this.retryAfter))
  }
}

/** Cloudflare failed (HTTP 5xx). Passing, as a rule. */
export class ServerError extends Schema.TaggedError<ServerError>("@bulk-operations/core/CloudflareError/ServerError")(
  "ServerError",
  {
    ...fields,
    /** How long Cloudflare asks to wait, where it does (`Retry-After`, in seconds or as a date). */
    retryAfter: Schema.optionalKey(Schema.Duration)
  }
) {
  override get message(): string {
    return describe("Cloudflare failed", this, tryAgain(this.retryAfter))
  }
}

/** No whole answer came: no connection, a reset, or a body that stopped in the middle. */
export class TransportError
  extends Schema.TaggedError<TransportError>("@bulk-operations/core/CloudflareError/TransportError")(
    "TransportError",
    fields
  )
{
  override get message(): string {
    return describe("No whole answer came from Cloudflare", this, "Check the network and the base URL.")
  }
}

/** No whole answer came in time, headers and body together. */
export class Timeout extends Schema.TaggedError<Timeout>("@bulk-operations/core/CloudflareError/Timeout")(
  "Timeout",
  fields
) {
  override get message(): string {
    return describe("Cloudflare did not answer in time", this, tryAgain(undefined))
  }
}

/** An answer that this library does not understand: not JSON, another shape, an unknown status, another operation. */
export class UnexpectedResponse
  extends Schema.TaggedError<UnexpectedResponse>("@bulk-operations/core/CloudflareError/UnexpectedResponse")(
    "UnexpectedResponse",
    fields
  )
{
  override get message(): string {
    return describe(
      "Cloudflare's answer is not what this library expects",
      this,
      "Check the base URL; if it is right, the API has changed."
    )
  }
}

/** Why a call failed. */
export const Reason = Schema.Union([
  Unauthorized,
  Forbidden,
  NotFound,
  InvalidRequest,
  RateLimited,
  ServerError,
  TransportError,
  Timeout,
  UnexpectedResponse
]).pipe(Schema.toTaggedUnion("_tag"))
export type Reason = typeof Reason.Type

// Passing trouble is what may be gone when the same request is sent again.
const isPassing = Reason.isAnyOf(["RateLimited", "ServerError", "TransportError", "Timeout"])

/**
 * The error of every call to Cloudflare; what went wrong is its `reason`.
 *
 * Take one reason with `Effect.catchReason`, or put all of them into the error channel with `Effect.unwrapReason`.
 *
 * @example
 * import { type BulkOperation, BulkOperations, type CloudflareError } from "@bulk-operations/core"
 * import { Effect, Option } from "effect"
 *
 * const find = (operationId: string): Effect.Effect<
 *   Option.Option<BulkOperation.BulkOperation>,
 *   CloudflareError.CloudflareError,
 *   BulkOperations.BulkOperations
 * > =>
 *   BulkOperations.BulkOperations.use((operations) => operations.get(operationId)).pipe(
 *     Effect.map(Option.some),
 *     Effect.catchReason("CloudflareError", "NotFound", () => Effect.succeed(Option.none()))
 *   )
 */
export class CloudflareError
  extends Schema.TaggedError<CloudflareError>("@bulk-operations/core/CloudflareError")("CloudflareError", {
    reason: Reason
  })
{
  override get message(): string {
    return this.reason.message
  }

  /**
   * Whether the same request may succeed later: `RateLimited`, `ServerError`, `TransportError` and `Timeout` may, the
   * other reasons stay.
   */
  get isRetryable(): boolean {
    return isPassing(this.reason)
  }

  /** How long Cloudflare asked to wait before the next request, where it did. */
  get retryAfter(): Duration.Duration | undefined {
    return "retryAfter" in this.reason ? this.reason.retryAfter : undefined
  }
}
