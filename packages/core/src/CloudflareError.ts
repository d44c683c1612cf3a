/**
 * How a call to Cloudflare can fail: one error, twelve reasons.
 *
 * A reason keeps what a person needs to act and what Cloudflare's support asks for: HTTP status, Cloudflare's own codes
 * and texts, the ray id, and which call it was. Everything in it is plain data; credentials never get in.
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

// A transient error is one that may be gone when the same request is sent again.
const isTransient = Reason.isAnyOf(["RateLimited", "ServerError", "TransportError", "Timeout", "MalformedResponse"])

// Cloudflare told that it did not carry out the request; without an answer, it was refused here.
const isRefused = Reason.isAnyOf(["Unauthorized", "Forbidden", "Blocked", "NotFound", "InvalidRequest", "RateLimited"])

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
   * Whether the same request may succeed later: `RateLimited`, `ServerError`, `TransportError`, `Timeout`,
   * `MalformedResponse` and a challenge (`Blocked`) may, the other reasons stay.
   */
  get isRetryable(): boolean {
    return this.reason._tag === "Blocked" ? this.reason.isChallenge : isTransient(this.reason)
  }

  /** How long Cloudflare asked to wait before the next request, where it did. */
  get retryAfter(): Duration.Duration | undefined {
    return this.reason.retryAfter
  }

  /**
   * What became of the request, for whoever must not send a write twice.
   *
   * - `"notSent"`: it certainly never left.
   * - `"refused"`: Cloudflare answered that it did not carry it out.
   * - `"unknown"`: it may have been carried out (a timeout, a reset, a 5xx, an answer that cannot be read), or nobody
   *   can tell.
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
