/**
 * The budget that a request draws on, as the fiber that sends it sees it: the lane of its credentials, what its
 * application allows, and the store that it shares with others.
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

/** A budget, and what is needed to draw on it. */
export interface Account {
  readonly clock: Clock.Clock
  readonly lane: Lane.Lane
  readonly terms: Lane.Terms
  readonly bucket: Store.Bucket
  readonly store: Store.Store | undefined
  readonly fork: Store.Fork
}

/** The budget with these settings, named by the hash where they do not name it. */
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
    // Its context at this moment: what is to be logged later belongs here, wherever the fiber is by then.
    fork: Effect.runForkWith(fiber.context)
  }
}

/** Counts a request of the application, and says when. It does not wait for the store either. */
export const count = ({ bucket, clock, fork, lane, store, terms }: Account): number => {
  const now = Time.millis(clock)
  lane.count(now, terms)
  if (store?.isHere(now, bucket, fork) !== true || lane.isStoreFull(now, terms)) return now
  store.add(now, bucket, fork, (millis) => {
    if (millis !== undefined) lane.learnStore(Time.millis(clock) + millis)
  })
  return now
}

/** What is left of it. */
export const look = ({ bucket, clock, fork, lane, store, terms }: Account) => {
  const now = Time.millis(clock)
  return { now, left: lane.left(now, terms), isLocal: store?.isHere(now, bucket, fork) === false }
}
