/**
 * The limit on requests, per credential. A window opens with the first request; exceeding the limit blocks the
 * credential for a whole window from then on.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits. Chosen: a fixed window, because the source does
 * not say whether it slides; requests without a credential share one budget; refused requests do not lengthen the
 * block.
 */
import * as Duration from "effect/Duration"

export interface RequestLimit {
  /** Counts a request at `now`. */
  readonly count: (identity: string, now: number) => Counted
}

export interface Counted {
  /** How long the credential is blocked, if the limit is exceeded. */
  readonly blockedFor: Duration.Duration | undefined
  readonly headers: Readonly<Record<string, string>>
}

interface Window {
  readonly until: number
  readonly used: number
}

const unlimited: RequestLimit = { count: () => ({ blockedFor: undefined, headers: {} }) }

export const make = (limit: number, window: Duration.Duration): RequestLimit => {
  if (limit === Infinity) return unlimited
  const length = Duration.toMillis(window)
  const windows = new Map<string, Window>()
  const policy = `"default";q=${limit};w=${Math.ceil(length / 1000)}`
  return {
    count: (identity, now) => {
      const last = windows.get(identity)
      const current = last === undefined || now >= last.until ? { until: now + length, used: 0 } : last
      const used = Math.min(current.used + 1, limit + 1)
      const tripped = used > limit && current.used <= limit
      const until = tripped ? now + length : current.until
      windows.set(identity, { until, used })
      const left = Duration.millis(until - now)
      return {
        blockedFor: used > limit ? left : undefined,
        headers: {
          ratelimit: `"default";r=${Math.max(0, limit - used)};t=${Math.ceil(Duration.toSeconds(left))}`,
          "ratelimit-policy": policy
        }
      }
    }
  }
}
