/**
 * The budgets of this process, by their keys: whoever uses the same credentials shares one, wherever it was set up.
 */
import type * as Clock from "effect/Clock"
import * as Lane from "./lane.ts"

// Times of different clocks cannot be compared: what is tested under a clock of its own has budgets of its own.
const lanes = new WeakMap<Clock.Clock, Map<string, Lane.Lane>>()

// Of a budget that was not used for so many milliseconds nothing is known any more. With tokens that rotate, there are
// always new ones.
const memory = 60 * 60_000

/** The budget of that key. */
export const of = (clock: Clock.Clock, key: string, now: number): Lane.Lane => {
  const known = lanes.get(clock) ?? new Map<string, Lane.Lane>()
  lanes.set(clock, known)
  const lane = known.get(key)
  if (lane !== undefined) return lane
  for (const [old, { isForgotten }] of known) if (isForgotten(now - memory)) known.delete(old)
  const made = Lane.make()
  known.set(key, made)
  return made
}
