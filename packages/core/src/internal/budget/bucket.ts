/**
 * How fast requests may be sent: a bucket that fills with what is sent, and drains with time.
 *
 * A bucket is one number, the time at which it is empty. So it needs no timer, a bucket that was left alone is empty, and
 * senders with different rates can share one: what each request adds is time.
 */

/** So many requests in so many milliseconds. */
export interface Limit {
  readonly limit: number
  readonly window: number
}

/** A part of a limit, as it is spent. In milliseconds. */
export interface Rate {
  /** The time that a request takes to drain. Zero where there is no limit. */
  readonly interval: number
  /** How much may be in the bucket after a request that is sent at once. */
  readonly tolerance: number
  readonly window: number
}

// The part that may be spent at once after a quiet time. The rest flows in over the window, so that both together never
// exceed the share, whichever window one looks at.
const burst = 0.1

/** The rate that keeps to a share of the limit in every window, fixed or sliding. At least one request per window. */
export const rateOf = ({ limit, window }: Limit, share: number): Rate => {
  const requests = Math.floor(Math.min(1, share) * limit)
  if (requests === Number.POSITIVE_INFINITY) return { interval: 0, tolerance: 0, window }
  // Settings that make no sense are no reason to send without end, or never.
  if (!(requests > 1)) return { interval: window, tolerance: window, window }
  const atOnce = Math.max(1, Math.floor(burst * requests))
  const interval = window / (requests - atOnce)
  return { interval, tolerance: atOnce * interval, window }
}

/** From when on one more request fits. */
export const readyAt = (emptyAt: number, { interval, tolerance }: Rate): number => emptyAt + interval - tolerance

/** The bucket after some requests at `now`. It holds a window at most: what was sent before, Cloudflare has forgotten. */
export const fill = (emptyAt: number, now: number, { interval, tolerance, window }: Rate, requests = 1): number =>
  Math.min(Math.max(emptyAt, now) + requests * interval, now + Math.max(tolerance, window))

/** How many requests fit at once. */
export const room = (emptyAt: number, now: number, { interval, tolerance }: Rate): number =>
  interval === 0
    ? Number.POSITIVE_INFINITY
    // Sums of times are not exact to the last digit.
    : Math.max(0, Math.floor((tolerance - Math.max(0, emptyAt - now)) / interval + 1e-6))
