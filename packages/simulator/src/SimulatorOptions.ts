/**
 * How a simulated Cloudflare behaves.
 */
import type * as Duration from "effect/Duration"
import type { Credential } from "./internal/credentials.ts"
import type { TimestampFormat } from "./internal/timestamp.ts"
import type { OperationPlan } from "./OperationPlan.ts"

export type { Credential } from "./internal/credentials.ts"
export type { TimestampFormat } from "./internal/timestamp.ts"

/** How operations go, unless `planNext` says otherwise, and the rest of the simulated world. */
export interface Options extends OperationPlan {
  /** Two simulators with the same seed that receive the same requests answer the same. */
  readonly seed?: string | number
  readonly limits?: Limits
  /** The accepted credentials. By default any are; a request without any is refused in any case. */
  readonly credentials?: ReadonlyArray<Credential>
  /** Credentials that are taken for malformed rather than unknown. Nobody knows where Cloudflare draws the line. */
  readonly malformedCredentials?: ReadonlyArray<Credential>
  /** Whether account ids may have other lengths than Cloudflare's 32 characters. `false` by default. */
  readonly anyAccountId?: boolean
  /** Whether a page of any origin may call it, as none may call Cloudflare. `false` by default. */
  readonly cors?: boolean
  /** How times are written; `2026-01-31T08:00:00Z` by default. */
  readonly timestamps?: TimestampFormat
  /** So many of the latest requests are remembered; 10,000 by default. */
  readonly keepRequests?: number
  /** And no more than so many bytes of their URLs, headers and bodies, but for the latest; 16 MiB by default. */
  readonly keepRequestBytes?: number
}

/**
 * Cloudflare's limits; `Infinity` switches one off.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits, the official client for the first one, and the page
 * of error 10059 for the last one.
 */
export interface Limits {
  /** Operations of one account that have not ended; 1 by default. With more, those of one list run one by one. */
  readonly pendingOperations?: number
  /** Requests of one credential within `window`; 1,200 by default. Without it, there are no `Ratelimit` headers. */
  readonly requests?: number
  /** 5 minutes by default. A credential that exceeds its requests is blocked for as long again. */
  readonly window?: Duration.Input
  /** Redirects of one account with the same source path, whatever their host; 16 by default. */
  readonly samePath?: number
}
