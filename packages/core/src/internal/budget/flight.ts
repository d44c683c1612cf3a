/** Limits the requests in flight: those that would be sent into a block before the first 429 arrives. */

// More than the budget needs: it allows three requests a second.
const most = 8

// After this many milliseconds a request no longer counts: a slow answer must not stop the others.
const patience = 1000

// After a 429, the next answer decides whether all requests have to wait.
const suspiciousPatience = 5000

/** When one more request may be sent, given when those in flight were sent, in order. */
export const readyAt = (sent: ReadonlyArray<number>, isSuspected: boolean): number => {
  const first = sent.at(isSuspected ? -1 : -most)
  return first === undefined ? Number.NEGATIVE_INFINITY : first + (isSuspected ? suspiciousPatience : patience)
}

/** The requests that still count. */
export const underWay = (sent: ReadonlyArray<number>, now: number): ReadonlyArray<number> =>
  sent.filter((at) => now - at < suspiciousPatience)
