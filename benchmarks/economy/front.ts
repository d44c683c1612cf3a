/**
 * Which schedules no other one beats in everything: the Pareto front.
 */
import type { Score } from "./score.ts"

export interface Scored {
  readonly name: string
  readonly score: Score
}

/** What is to be small. What gives up is late for ever. */
export type Measure = (score: Score) => number

const late = (of: Measure): Measure => (score) => score.givenUp > 0 ? Number.POSITIVE_INFINITY : of(score)

export const requests: Measure = ({ requests }) => requests
export const lateness: Measure = late(({ mean }) => mean)
export const relative: Measure = late(({ relative }) => relative)

/** In all of it at once. */
export const everything: ReadonlyArray<Measure> = [requests, lateness, relative]

/** What a schedule can be on the front of. */
export const fronts: ReadonlyArray<readonly [name: string, measures: ReadonlyArray<Measure>]> = [
  ["in seconds", [requests, lateness]],
  ["in %", [requests, relative]],
  ["in both", everything]
]

/** By what part one is better than another in that measure where it is ahead least; not above zero where it is not. */
export const lead = (one: Score, other: Score, measures: ReadonlyArray<Measure>): number =>
  Math.min(...measures.map((of) => Number.isFinite(of(other)) ? 1 - of(one) / of(other) : of(one) < of(other) ? 1 : 0))

// Better in all measures: the sample tells no tie from one.
const beats = (one: Score, other: Score, measures: ReadonlyArray<Measure>): boolean => lead(one, other, measures) > 0

/** Whoever beats it, the one that is furthest ahead first. */
export const betterThan = <A extends Scored>(
  { score }: Scored,
  all: ReadonlyArray<A>,
  measures: ReadonlyArray<Measure>
): ReadonlyArray<A> =>
  all.filter((other) => beats(other.score, score, measures)).toSorted((left, right) =>
    lead(right.score, score, measures) - lead(left.score, score, measures)
  )
