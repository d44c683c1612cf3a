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
  /** Its operations, for those who draw on a budget before they ask. */
  readonly layer: Layer.Layer<BulkOperations.BulkOperations>
  /** An operation that ends at `end`, in milliseconds of the epoch. */
  readonly start: (operationId: string, end: number) => void
  /** How many requests were made about an operation. */
  readonly requests: (operationId: string) => number
  /** How many requests were refused in all, and for how many milliseconds until `now` all would have been. */
  readonly blocked: (now: number) => { readonly refused: number; readonly millis: number }
  /** The most requests in any five minutes, refused ones as well. */
  readonly busiest: () => number
}

const limit = 1200
const window = 5 * 60_000

export const make = (clock: Clock.Clock, blockedFrom = Infinity): Account => {
  const known = new Map<string, { readonly end: number; requests: number }>()
  const all: Array<number> = []
  let times: Array<number> = []
  let oldest = 0
  let blockedUntil = 0
  let refused = 0
  let blocks = 0

  // For how many milliseconds the caller is blocked.
  const count = (now: number) => {
    if (now < blockedUntil) return blockedUntil - now
    while ((times[oldest] ?? now) <= now - window) oldest++
    if (times.length - oldest < limit) {
      times.push(now)
      return 0
    }
    times = []
    oldest = 0
    blockedUntil = now + window
    blocks++
    return window
  }

  const answer = ({ operationId }: BulkOperationsTest.Call): BulkOperationsTest.Answer => {
    // Its own time, whatever clock the process that asks may have.
    const now = clock.currentTimeMillisUnsafe()
    const operation = known.get(operationId)
    if (operation === undefined) throw new Error(`nobody has started ${operationId}`)
    operation.requests++
    all.push(now)
    if (now >= blockedFrom && now < blockedFrom + window) {
      refused++
      return tooMany()
    }
    const blockedFor = count(now)
    if (blockedFor > 0) {
      refused++
      return tooMany(blockedFor)
    }
    return now < operation.end
      ? "running"
      : { status: "completed", completed: DateTime.makeUnsafe(operation.end) }
  }

  return {
    layer: BulkOperationsTest.layer(answer),
    start: (operationId, end) => known.set(operationId, { end, requests: 0 }),
    requests: (operationId) => known.get(operationId)?.requests ?? 0,
    busiest: () => {
      let first = 0
      return all.reduce((most, time, index) => {
        while ((all[first] ?? time) <= time - window) first++
        return Math.max(most, index - first + 1)
      }, 0)
    },
    blocked: (now) => ({ refused, millis: blocks * window - Math.max(0, blockedUntil - now) })
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
