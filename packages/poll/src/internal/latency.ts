/**
 * How long before its limit the last poll of a wait must begin, so that its answer still counts.
 *
 * An operation's own answers say best how long the next one takes: their mean and its deviation, as TCP reckons its
 * timeouts. Until one has come, the median of what other operations saw stands in: one slow answer does not move it.
 *
 * Source of the arithmetic: RFC 6298.
 */

/** What an operation's answers took, in milliseconds. */
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

/** What is believed of an operation that has not been answered yet. */
export const guess = (recent: Recent): Estimate => first(recent.toSorted((a, b) => a - b)[recent.length >> 1] ?? 0)

// A connection that has gone cold takes a few round trips more than any answer so far.
const shortestLead = 50

// A slow answer is no reason to poll for the last time long before the limit.
const longestLead = 5000

/** How many milliseconds before the limit the last poll begins; none where answers take no time. */
export const lead = ({ deviation, mean }: Estimate): number =>
  mean === 0 && deviation === 0 ? 0 : Math.min(longestLead, Math.max(shortestLead, mean + 4 * deviation))
