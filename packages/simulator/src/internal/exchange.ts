/** Requests and answers, independent of the transport. */
import type * as Headers from "effect/http/Headers"
import type { Delivery } from "./spoil.ts"

export interface Request {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Headers.Headers
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
  readonly body: string
  readonly delivery: Delivery
}
