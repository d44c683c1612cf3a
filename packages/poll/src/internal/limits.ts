/**
 * What the headers of an answer say of the caller's limits and of Cloudflare's clock.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits (`Ratelimit: "default";r=50;t=30`: requests left
 * and seconds to the reset; `Ratelimit-Policy: "burst";q=100;w=60`: requests and seconds). Both are lists.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"

/** So many requests in so much time. */
export interface Limit {
  readonly limit: number
  readonly window: Duration.Duration
}

const quota = /;\s*q=(\d+)\s*(?:;|$)/
const window = /;\s*w=(\d+)\s*(?:;|$)/
const left = /;\s*r=(\d+)\s*(?:;|$)/
const reset = /;\s*t=(\d+)\s*(?:;|$)/

const pairs = (header: string | undefined, amount: RegExp, seconds: RegExp): ReadonlyArray<readonly [number, number]> =>
  header === undefined ? [] : header.split(",")
    .map((item) => [Number(amount.exec(item)?.[1]), Number(seconds.exec(item)?.[1])] as const)
    .filter(([amount, seconds]) => amount >= 0 && seconds > 0)

/** The tightest limit that the answer names. */
export const policy = (headers: Headers.Headers): Limit | undefined => {
  const [tightest] = pairs(headers["ratelimit-policy"], quota, window)
    .filter(([quota]) => quota > 0)
    .toSorted(([quotaA, secondsA], [quotaB, secondsB]) => quotaA / secondsA - quotaB / secondsB)
  return tightest && { limit: tightest[0], window: Duration.seconds(tightest[1]) }
}

/** The fewest requests that are left by the answer, and the milliseconds until there are more. */
export const remaining = (
  headers: Headers.Headers
): { readonly requests: number; readonly reset: number } | undefined => {
  const [fewest] = pairs(headers["ratelimit"], left, reset).toSorted(([left], [right]) => left - right)
  return fewest && { requests: fewest[0], reset: fewest[1] * 1000 }
}

// `Date` counts whole seconds, and an answer takes a while.
const clockTolerance = 2000

/** By how many milliseconds Cloudflare's clock is ahead of `now`; zero where that is no more than `Date` can be off. */
export const clockOffset = (headers: Headers.Headers, now: number): number | undefined => {
  const date = headers["date"]
  if (date === undefined) return undefined
  const ahead = Result.map(Headers.parseHttpDate(date), (sent) => DateTime.toEpochMillis(sent) + 500 - now)
  return Result.isFailure(ahead) ? undefined : Math.abs(ahead.success) < clockTolerance ? 0 : ahead.success
}
