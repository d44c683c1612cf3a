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
  readonly name: string
  readonly limit: number
  readonly window: Duration.Duration
}

/** How many requests are left of the limit of that name, and the milliseconds until there are more. */
export interface Remaining {
  readonly name: string
  readonly requests: number
  readonly reset: number
}

const quota = /;\s*q=(\d+)\s*(?:;|$)/
const window = /;\s*w=(\d+)\s*(?:;|$)/
const left = /;\s*r=(\d+)\s*(?:;|$)/
const reset = /;\s*t=(\d+)\s*(?:;|$)/

const items = (header: string | undefined, amount: RegExp, seconds: RegExp) =>
  header === undefined ? [] : header.split(",")
    .map((item) => ({
      name: item.split(";", 1)[0]?.trim() ?? "",
      amount: Number(amount.exec(item)?.[1]),
      seconds: Number(seconds.exec(item)?.[1])
    }))
    .filter(({ amount, seconds }) => amount >= 0 && seconds > 0)

/** The limits that the answer names. */
export const policy = (headers: Headers.Headers): ReadonlyArray<Limit> =>
  items(headers["ratelimit-policy"], quota, window)
    .filter(({ amount }) => amount > 0)
    .map(({ amount, name, seconds }) => ({ name, limit: amount, window: Duration.seconds(seconds) }))

/** What the answer says is left of them. */
export const remaining = (headers: Headers.Headers): ReadonlyArray<Remaining> =>
  items(headers["ratelimit"], left, reset)
    .map(({ amount, name, seconds }) => ({ name, requests: amount, reset: seconds * 1000 }))

// `Date` counts whole seconds, and an answer takes a while.
const clockTolerance = 2000

/** By how many milliseconds Cloudflare's clock is ahead of `now`; zero where that is no more than `Date` can be off. */
export const clockOffset = (headers: Headers.Headers, now: number): number | undefined => {
  const date = headers["date"]
  if (date === undefined) return undefined
  const ahead = Result.map(Headers.parseHttpDate(date), (sent) => DateTime.toEpochMillis(sent) + 500 - now)
  return Result.isFailure(ahead) ? undefined : Math.abs(ahead.success) < clockTolerance ? 0 : ahead.success
}
