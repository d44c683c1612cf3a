/**
 * An account at Cloudflare, in memory: 1,200 requests in any five minutes, and whoever makes one more is answered 429 for
 * the next five, whatever they ask.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits. It does not say whether the five minutes are those
 * of a clock or any; any is the stricter reading. Requests during the block do not prolong it.
 */
import { type BulkOperations, CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { type Clock, DateTime, Duration, type Layer } from "effect"

export interface Account {
  readonly layer: Layer.Layer<BulkOperations.BulkOperations>
  /** An operation that ends at `end`, in milliseconds of the epoch. */
  readonly start: (operationId: string, end: number) => void
  /** How many requests were made about an operation. */
  readonly requests: (operationId: string) => number
  readonly seen: (now: number) => {
    /** How many requests were refused. */
    readonly refused: number
    /** For which part of the time until now all would have been. */
    readonly blocked: number
    /** The most requests in any five minutes, refused ones as well. */
    readonly busiest: number
  }
}

const limit = 1200
const window = 5 * 60_000

/** Its time is that of the clock, whatever clock those who ask may have. Another block may come from elsewhere. */
export const make = (clock: Clock.Clock, blockedFrom = Infinity): Account => {
  const operations = new Map<string, { readonly end: number; requests: number }>()
  const [all, granted] = [slidingWindow(), slidingWindow()]
  let blockedUntil = 0
  let blocks = 0
  let refused = 0
  let busiest = 0

  const answer = ({ operationId }: BulkOperationsTest.Call): BulkOperationsTest.Answer => {
    const now = clock.currentTimeMillisUnsafe()
    const operation = operations.get(operationId)
    if (operation === undefined) throw new Error(`nobody has started ${operationId}`)
    operation.requests++
    busiest = Math.max(busiest, all.add(now))
    const elsewhere = now >= blockedFrom && now < blockedFrom + window
    if (!elsewhere && now >= blockedUntil && granted.add(now) > limit) {
      granted.clear()
      blockedUntil = now + window
      blocks++
    }
    if (elsewhere || now < blockedUntil) {
      refused++
      return tooMany(elsewhere ? undefined : blockedUntil - now)
    }
    return now < operation.end ? "running" : { status: "completed", completed: DateTime.makeUnsafe(operation.end) }
  }

  return {
    layer: BulkOperationsTest.layer(answer),
    start: (operationId, end) => operations.set(operationId, { end, requests: 0 }),
    requests: (operationId) => operations.get(operationId)?.requests ?? 0,
    seen: (now) => ({ refused, busiest, blocked: (blocks * window - Math.max(0, blockedUntil - now)) / now })
  }
}

// Adds a time, and says how many there are in the window that ends with it.
const slidingWindow = () => {
  let times: Array<number> = []
  let first = 0
  return {
    add: (now: number) => {
      times.push(now)
      while ((times[first] ?? now) <= now - window) first++
      return times.length - first
    },
    clear: () => {
      times = []
      first = 0
    }
  }
}

const tooMany = (blockedFor?: number) =>
  new CloudflareError.RateLimited({
    method: "GET",
    path: "/accounts/account/rules/lists/bulk_operations",
    status: 429,
    errors: [],
    // `Retry-After` counts whole seconds.
    ...(blockedFor !== undefined && {
      errors: [{ code: 971, message: "Please wait and consider throttling your request speed" }],
      retryAfter: Duration.seconds(Math.ceil(blockedFor / 1000))
    })
  })
