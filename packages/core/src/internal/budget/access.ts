/** How the fiber of a request reaches its budget: that of its credentials, with the application's settings and store. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Settings } from "../../RequestBudget.ts"
import * as Bucket from "./bucket.ts"
import type * as Budget from "./budget.ts"
import * as Budgets from "./budgets.ts"
import * as Store from "./store.ts"
import * as Time from "./time.ts"

/** A budget, with everything needed to draw on it. */
export interface Access {
  readonly clock: Clock.Clock
  readonly budget: Budget.Budget
  readonly terms: Budget.Terms
  readonly bucket: Store.Bucket
  readonly store: Store.Store | undefined
  readonly fork: Store.Fork
}

/** The budget with these settings, named by the hash if they have no key. */
export const open = (fiber: Fiber.Fiber<unknown, unknown>, settings: Settings, hash: string): Access => {
  const clock = fiber.getRef(Clock.Clock)
  const { key = hash, limit, limiter, share } = settings
  const terms = { share, limit: { limit, window: Duration.toMillis(Duration.fromInputUnsafe(settings.window)) } }
  const { interval } = Bucket.rateOf(terms.limit, share)
  return {
    clock,
    budget: Budgets.of(clock, key, Time.millis(clock)),
    terms,
    bucket: { key, interval },
    store: limiter === undefined || interval === 0 ? undefined : Store.of(limiter, clock),
    // The context is captured now, so that later logs go to this fiber's loggers.
    fork: Effect.runForkWith(fiber.context)
  }
}

/** Counts a request of the application and returns the time. It does not wait for the store. */
export const count = ({ bucket, budget, clock, fork, store, terms }: Access): number => {
  const now = Time.millis(clock)
  budget.count(now, terms)
  if (store?.isHere(now, bucket, fork) !== true || budget.isStoreFull(now, terms)) return now
  store.add(now, bucket, fork, (millis) => {
    if (millis !== undefined) budget.learnStore(Time.millis(clock) + millis)
  })
  return now
}

export const left = ({ bucket, budget, clock, fork, store, terms }: Access) => {
  const now = Time.millis(clock)
  return { now, left: budget.left(now, terms), isLocal: store?.isHere(now, bucket, fork) === false }
}
