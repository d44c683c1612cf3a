/**
 * The budget of a request, as seen by the fiber that sends it: the lane of its credentials, the application's settings,
 * and the shared store.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Settings } from "../../RequestBudget.ts"
import * as Bucket from "./bucket.ts"
import type * as Lane from "./lane.ts"
import * as Lanes from "./lanes.ts"
import * as Store from "./store.ts"
import * as Time from "./time.ts"

/** A budget, with everything needed to draw on it. */
export interface Account {
  readonly clock: Clock.Clock
  readonly lane: Lane.Lane
  readonly terms: Lane.Terms
  readonly bucket: Store.Bucket
  readonly store: Store.Store | undefined
  readonly fork: Store.Fork
}

/** The budget with these settings, named by the hash if they have no key. */
export const open = (fiber: Fiber.Fiber<unknown, unknown>, settings: Settings, hash: string): Account => {
  const clock = fiber.getRef(Clock.Clock)
  const { key = hash, limit, limiter, share } = settings
  const terms = { share, limit: { limit, window: Duration.toMillis(Duration.fromInputUnsafe(settings.window)) } }
  const { interval } = Bucket.rateOf(terms.limit, share)
  return {
    clock,
    lane: Lanes.of(clock, key, Time.millis(clock)),
    terms,
    bucket: { key, interval },
    store: limiter === undefined || interval === 0 ? undefined : Store.of(limiter, clock),
    // The context is captured now, so that later logs go to this fiber's loggers.
    fork: Effect.runForkWith(fiber.context)
  }
}

/** Counts a request of the application and returns the time. It does not wait for the store. */
export const count = ({ bucket, clock, fork, lane, store, terms }: Account): number => {
  const now = Time.millis(clock)
  lane.count(now, terms)
  if (store?.isHere(now, bucket, fork) !== true || lane.isStoreFull(now, terms)) return now
  store.add(now, bucket, fork, (millis) => {
    if (millis !== undefined) lane.learnStore(Time.millis(clock) + millis)
  })
  return now
}

export const left = ({ bucket, clock, fork, lane, store, terms }: Account) => {
  const now = Time.millis(clock)
  return { now, left: lane.left(now, terms), isLocal: store?.isHere(now, bucket, fork) === false }
}
