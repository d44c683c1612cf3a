/** The difference between Cloudflare's clock and ours, from the `Date` header of its answers. */
import * as DateTime from "effect/DateTime"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"

// `Date` has whole seconds, and an answer takes time to arrive.
const tolerance = 2000

/**
 * How many milliseconds Cloudflare's clock is ahead of `now`; zero if the difference is within the precision of `Date`.
 */
export const read = (headers: Headers.Headers, now: number): number | undefined => {
  const date = headers["date"]
  if (date === undefined) return undefined
  const ahead = Result.map(Headers.parseHttpDate(date), (sent) => DateTime.toEpochMillis(sent) + 500 - now)
  return Result.isFailure(ahead) ? undefined : Math.abs(ahead.success) < tolerance ? 0 : ahead.success
}
