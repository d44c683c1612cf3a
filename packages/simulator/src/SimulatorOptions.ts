/** Options of the simulator. */
import type * as Duration from "effect/Duration"
import type { Credential } from "./internal/credentials.ts"
import type { TimestampFormat } from "./internal/timestamp.ts"
import type { OperationPlan } from "./OperationPlan.ts"

export type { Credential } from "./internal/credentials.ts"
export type { TimestampFormat } from "./internal/timestamp.ts"

/** The default plan of operations, and all other settings. */
export interface Options extends OperationPlan {
  /** Two simulators with the same seed that receive the same requests answer the same. */
  readonly seed?: string | number
  readonly limits?: Limits
  /** The accepted credentials. Default: any. A request without credentials is always refused. */
  readonly credentials?: ReadonlyArray<Credential>
  /** Credentials that count as malformed rather than unknown. Cloudflare's rule is unknown. */
  readonly malformedCredentials?: ReadonlyArray<Credential>
  /** Whether to accept account ids that do not have Cloudflare's 32 characters. `false` by default. */
  readonly anyAccountId?: boolean
  /** Whether a page of any origin may call it; Cloudflare itself allows none. `false` by default. */
  readonly cors?: boolean
  /** The format of times; `2026-01-31T08:00:00Z` by default. */
  readonly timestamps?: TimestampFormat
  /** How many of the latest requests are kept; 10,000 by default. */
  readonly keepRequests?: number
  /**
   * How many bytes of their URLs, headers and bodies are kept at most; the latest request always is. 16 MiB by default.
   */
  readonly keepRequestBytes?: number
}

/**
 * Cloudflare's limits, each 1 or more; `Infinity` switches one off.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits, the official client for the first one, and the page
 * of error 10059 for the last one.
 */
export interface Limits {
  /** Pending operations per account; 1 by default. With more, the operations of one list run one after the other. */
  readonly pendingOperations?: number
  /** Requests per credential within `window`; 1,200 by default. Without a limit, there are no `Ratelimit` headers. */
  readonly requests?: number
  /** 5 minutes by default. A credential that exceeds the limit is blocked for the same time again. */
  readonly window?: Duration.Input
  /** Redirects per account with the same source path, whatever their host; 16 by default. */
  readonly samePath?: number
}
