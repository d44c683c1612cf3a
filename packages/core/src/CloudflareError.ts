/**
 * The error of every call to Cloudflare, with one of twelve reasons.
 *
 * A reason keeps what you need to act and what Cloudflare's support asks for: HTTP status, Cloudflare's own codes and
 * texts, the `cf-ray`, and the call. It is plain data and never contains credentials.
 */
import type * as Duration from "effect/Duration"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as Schema from "effect/Schema"
import { Reason } from "./internal/reasons.ts"

export {
  ApiError,
  Blocked,
  Forbidden,
  InvalidRequest,
  MalformedResponse,
  NotFound,
  RateLimited,
  Reason,
  ServerError,
  Timeout,
  TransportError,
  Unauthorized,
  UnexpectedResponse,
  Unreachable
} from "./internal/reasons.ts"

// A transient error may be gone when the same request is sent again.
const isTransient = Reason.isAnyOf(["RateLimited", "ServerError", "TransportError", "Timeout", "MalformedResponse"])

// Cloudflare answered that it did not carry out the request; without an answer, it was refused here.
const isRefused = Reason.isAnyOf(["Unauthorized", "Forbidden", "Blocked", "NotFound", "InvalidRequest", "RateLimited"])

/**
 * The error of every call to Cloudflare; its `reason` says what went wrong.
 *
 * Catch one reason with `Effect.catchReason`, or move all of them into the error channel with `Effect.unwrapReason`.
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
   * Whether the error is transient, so that the same request may succeed later: true for `RateLimited`, `ServerError`,
   * `TransportError`, `Timeout`, `MalformedResponse` and a challenge (`Blocked`).
   */
  get isRetryable(): boolean {
    return this.reason._tag === "Blocked" ? this.reason.isChallenge : isTransient(this.reason)
  }

  /** How long Cloudflare asked to wait before the next request, if it did. */
  get retryAfter(): Duration.Duration | undefined {
    return this.reason.retryAfter
  }

  /**
   * Whether the request was carried out, for callers that must not send a write twice.
   *
   * - `"notSent"`: it was certainly not sent.
   * - `"refused"`: Cloudflare answered that it did not carry it out.
   * - `"unknown"`: it may have been carried out (after a timeout, a reset, a 5xx or an unreadable answer).
   */
  get outcome(): "notSent" | "refused" | "unknown" {
    const { reason } = this
    if (reason._tag === "Unreachable" || ("neverSent" in reason && reason.neverSent === true)) return "notSent"
    if (!isRefused(reason)) return "unknown"
    return reason.status === undefined ? "notSent" : "refused"
  }

  override toJSON(): object {
    return { _tag: this._tag, message: this.message, reason: { ...this.reason } }
  }

  override [NodeInspectSymbol](): unknown {
    return this.stack ?? this.message
  }
}
