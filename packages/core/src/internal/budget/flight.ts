/**
 * How many requests may be under way without an answer: what is sent into a block before the first 429 is back.
 */

// More than the rest of the budget needs: it carries three requests a second.
const most = 8

// After so many milliseconds a request counts no more: an answer that takes long must not stop the others.
const patience = 1000

// After a 429 the next answer decides whether all have to wait.
const suspiciousPatience = 5000

/** From when on one more may go, given when those without an answer were sent, in order. */
export const readyAt = (sent: ReadonlyArray<number>, isSuspected: boolean): number => {
  const first = sent.at(isSuspected ? -1 : -most)
  return first === undefined ? Number.NEGATIVE_INFINITY : first + (isSuspected ? suspiciousPatience : patience)
}

/** Those that still count. */
export const underWay = (sent: ReadonlyArray<number>, now: number): ReadonlyArray<number> =>
  sent.filter((at) => now - at < suspiciousPatience)
