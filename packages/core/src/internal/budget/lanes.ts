/** The budgets of this process, by key: everything with the same credentials shares one, wherever it was set up. */
import type * as Clock from "effect/Clock"
import * as Lane from "./lane.ts"

// Times of different clocks cannot be compared: each test clock has its own budgets.
const lanes = new WeakMap<Clock.Clock, Map<string, Lane.Lane>>()

// A budget that was not used for this many milliseconds is forgotten: rotating tokens always create new ones.
const memory = 60 * 60_000

/** The budget of a key. */
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
