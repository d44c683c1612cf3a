/**
 * How long before its limit a wait's last poll must begin, so that its answer arrives in time.
 *
 * The estimate uses the mean and deviation of the operation's own answers, as TCP computes its timeouts. Before the
 * first answer, it is the median of other operations' answers, which one slow answer does not move.
 *
 * Source of the arithmetic: RFC 6298.
 */

/** The latency of an operation's answers, in milliseconds. */
export interface Estimate {
  readonly mean: number
  readonly deviation: number
}

/** The estimate after one more answer. */
export const observe = (estimate: Estimate | undefined, took: number): Estimate =>
  estimate === undefined ? first(took) : {
    deviation: 0.75 * estimate.deviation + 0.25 * Math.abs(took - estimate.mean),
    mean: 0.875 * estimate.mean + 0.125 * took
  }

const first = (took: number): Estimate => ({ mean: took, deviation: took / 2 })

/** The latest answers of any operation, at most 16. */
export type Recent = ReadonlyArray<number>

/** The latest answers after one more. */
export const remember = (recent: Recent, took: number): Recent => [...recent.slice(-15), took]

/** The estimate for an operation without an answer yet. */
export const guess = (recent: Recent): Estimate => first(recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? 0)

// A new connection takes a few more round trips than the answers so far.
const shortestLead = 50

// Even with slow answers, the last poll should not come long before the limit.
const longestLead = 5000

/** How many milliseconds before the limit the last poll begins; zero if answers take no time. */
export const lead = ({ deviation, mean }: Estimate): number =>
  mean === 0 && deviation === 0 ? 0 : Math.min(longestLead, Math.max(shortestLead, mean + 4 * deviation))
