/**
 * How much better than ours a schedule could be that is made for one distribution: the best of many geometric ones.
 */
import { PollSchedule } from "@bulk-operations/poll"
import { Effect } from "effect"
import { everything, lead } from "./front.ts"
import { type Score, score } from "./score.ts"

export interface Tuned {
  readonly start: number
  readonly ratio: number
  readonly cap: number
}

const starts = [250, 500, 750, 1000, 1250, 1500, 2000]
const ratios = [1.04, 1.06, 1.08, 1.1, 1.12, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5]
const caps = [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60]

const all: ReadonlyArray<Tuned> = starts.flatMap((start) =>
  ratios.flatMap((ratio) => caps.map((cap) => ({ start, ratio, cap })))
)

/** How many were tried. */
export const tried = all.length

export const name = ({ cap, ratio, start }: Tuned): string => `${start / 1000} s × ${ratio} to ${cap} s`

/** Operations, and what ours costs for them. */
export interface Ground {
  readonly durations: ReadonlyArray<number>
  readonly ours: Score
}

export interface Best {
  readonly tuned: Tuned
  /** What it costs on each ground. */
  readonly scores: ReadonlyArray<Score>
  /** By what part it is ahead of ours where it is ahead least. */
  readonly lead: number
}

/** What each of them costs on each ground. */
export const scores = (grounds: ReadonlyArray<Ground>): Effect.Effect<ReadonlyArray<Omit<Best, "lead">>> =>
  Effect.forEach(all, (tuned) =>
    Effect.map(
      Effect.forEach(grounds, ({ durations }) =>
        score(
          PollSchedule.geometric({ start: tuned.start, ratio: tuned.ratio, cap: tuned.cap * 1000 }),
          durations
        )),
      (scores) => ({ tuned, scores })
    ))

/** The one that is furthest ahead of ours in requests, in seconds and in proportion, on those of the grounds. */
export const best = (
  scores: ReadonlyArray<Omit<Best, "lead">>,
  grounds: ReadonlyArray<Ground>,
  on: ReadonlyArray<Ground>
): Best =>
  scores.map((one) => ({
    ...one,
    lead: Math.min(...grounds.map((ground, index) => {
      const there = one.scores[index]
      return there === undefined || !on.includes(ground)
        ? Number.POSITIVE_INFINITY
        : lead(there, ground.ours, everything)
    }))
  })).reduce((best, one) => one.lead > best.lead ? one : best)
