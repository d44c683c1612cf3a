/**
 * By how much Cloudflare's clock differs from ours, as the `Date` of its answers shows.
 */
import * as DateTime from "effect/DateTime"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"

// `Date` counts whole seconds, and an answer takes a while.
const tolerance = 2000

/** By how many milliseconds Cloudflare's clock is ahead of `now`; zero where that is no more than `Date` can be off. */
export const read = (headers: Headers.Headers, now: number): number | undefined => {
  const date = headers["date"]
  if (date === undefined) return undefined
  const ahead = Result.map(Headers.parseHttpDate(date), (sent) => DateTime.toEpochMillis(sent) + 500 - now)
  return Result.isFailure(ahead) ? undefined : Math.abs(ahead.success) < tolerance ? 0 : ahead.success
}
