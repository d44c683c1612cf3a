/**
 * An account at Cloudflare, in memory: 1,200 requests in any five minutes, and whoever makes one more is answered 429 for
 * the next five, whatever they ask.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits. It does not say whether the five minutes are those
 * of a clock or any; any is the stricter reading. Requests during the block do not prolong it.
 */
import { BulkOperation, BulkOperations, CloudflareError } from "@bulk-operations/core"
import { Clock, DateTime, Duration, Effect, Option } from "effect"

export interface Account {
  readonly operations: BulkOperations.BulkOperations["Service"]
  /** An operation that ends at `end`, in milliseconds of the epoch. */
  readonly start: (operationId: string, end: number) => void
  /** How many requests were made about an operation. */
  readonly requests: (operationId: string) => number
  /** How many requests were refused in all, and for how many milliseconds until `now` all would have been. */
  readonly blocked: (now: number) => { readonly refused: number; readonly millis: number }
}

const limit = 1200
const window = 5 * 60_000

export const make = (): Account => {
  const known = new Map<string, { readonly end: number; requests: number }>()
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

  const get = (operationId: string) =>
    Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<
      BulkOperation.BulkOperation,
      CloudflareError.CloudflareError
    > => {
      const operation = known.get(operationId)
      if (operation === undefined) return Effect.die(`nobody has started ${operationId}`)
      operation.requests++
      const blockedFor = count(now)
      if (blockedFor > 0) {
        refused++
        return tooMany(blockedFor)
      }
      const id = BulkOperation.OperationId.make(operationId)
      return Effect.succeed(
        now < operation.end
          ? { id, status: "running" }
          : { id, status: "completed", completed: Option.some(DateTime.makeUnsafe(operation.end)) }
      )
    })

  return {
    operations: { accountId: "account", get },
    start: (operationId, end) => known.set(operationId, { end, requests: 0 }),
    requests: (operationId) => known.get(operationId)?.requests ?? 0,
    blocked: (now) => ({ refused, millis: blocks * window - Math.max(0, blockedUntil - now) })
  }
}

const tooMany = (blockedFor: number) =>
  Effect.fail(
    new CloudflareError.CloudflareError({
      reason: new CloudflareError.RateLimited({
        method: "GET",
        path: "/accounts/account/rules/lists/bulk_operations",
        status: 429,
        errors: [],
        // `Retry-After` counts whole seconds.
        retryAfter: Duration.seconds(Math.ceil(blockedFor / 1000))
      })
    })
  )
