/** The budgets of this process, by key: everything with the same credentials shares one, wherever it was set up. */
import type * as Clock from "effect/Clock"
import * as Budget from "./budget.ts"

// Times of different clocks cannot be compared: each test clock has its own budgets.
const budgets = new WeakMap<Clock.Clock, Map<string, Budget.Budget>>()

// A budget that was not used for this many milliseconds is forgotten: rotating tokens always create new ones.
const memory = 60 * 60_000

/** The budget of a key. */
export const of = (clock: Clock.Clock, key: string, now: number): Budget.Budget => {
  const known = budgets.get(clock) ?? new Map<string, Budget.Budget>()
  budgets.set(clock, known)
  const budget = known.get(key)
  if (budget !== undefined) return budget
  for (const [old, { isForgotten }] of known) if (isForgotten(now - memory)) known.delete(old)
  const made = Budget.make()
  known.set(key, made)
  return made
}
