/**
 * How fast requests may be sent: a bucket that fills with requests and drains with time.
 *
 * A bucket is one number, the time at which it is empty. So it needs no timer, an unused bucket is empty, and senders
 * with different rates can share one, because each request adds time.
 */

/** A number of requests in a window of milliseconds. */
export interface Limit {
  readonly limit: number
  readonly window: number
}

/** The rate at which a share of a limit is spent. In milliseconds. */
export interface Rate {
  /** The time that a request takes to drain. Zero without a limit. */
  readonly interval: number
  /** How much may be in the bucket after a request that is sent at once. */
  readonly tolerance: number
  readonly window: number
}

// The part that may be spent at once after a quiet time. The rest becomes available over the window, so that both
// together never exceed the share in any window.
const burst = 0.1

/** The rate that keeps to a share of the limit in every window, fixed or sliding. At least one request per window. */
export const rateOf = ({ limit, window }: Limit, share: number): Rate => {
  const requests = Math.floor(Math.min(1, share) * limit)
  if (requests === Number.POSITIVE_INFINITY) return { interval: 0, tolerance: 0, window }
  // Invalid settings must not lead to sending without limit, or never.
  if (!(requests > 1)) return { interval: window, tolerance: window, window }
  const atOnce = Math.max(1, Math.floor(burst * requests))
  const interval = window / (requests - atOnce)
  return { interval, tolerance: atOnce * interval, window }
}

/** When one more request fits. */
export const readyAt = (emptyAt: number, { interval, tolerance }: Rate): number => emptyAt + interval - tolerance

/**
 * The bucket after some requests at `now`. It holds at most one window: Cloudflare has forgotten what was sent before.
 */
export const fill = (emptyAt: number, now: number, { interval, tolerance, window }: Rate, requests = 1): number =>
  Math.min(Math.max(emptyAt, now) + requests * interval, now + Math.max(tolerance, window))

/** How many requests fit at once. */
export const room = (emptyAt: number, now: number, { interval, tolerance }: Rate): number =>
  interval === 0
    ? Number.POSITIVE_INFINITY
    // Sums of times have rounding errors.
    : Math.max(0, Math.floor((tolerance - Math.max(0, emptyAt - now)) / interval + 1e-6))
