/**
 * The timer of a wait. It rings for the last poll, then for the limit. It also notifies a listener when the request
 * budget delays a poll.
 */
import type * as Clock from "effect/Clock"
import * as Wait from "../Wait.ts"
import * as Alarm from "./alarm.ts"
import type * as Feed from "./feed.ts"
import type * as Pacer from "./pacer.ts"
import type * as Timers from "./timers.ts"
import * as Waiter from "./waiter.ts"

export interface Limit {
  /** Sets the timer for the current limit, or sends the last poll if it is due. */
  readonly set: (waiter: Waiter.Waiter) => void
  /** Makes the timer ring if the next poll is delayed, if there is a listener. */
  readonly watch: (waiter: Waiter.Waiter) => void
  /** Handles the timer. */
  readonly rang: (waiter: Waiter.Waiter) => Waiter.Ending | undefined
  /** Sends the last poll before a limit. */
  readonly pollLast: (waiter: Waiter.Waiter, limit: number) => undefined
}

// How long a due poll may stay in the queue before it counts as throttled, in milliseconds.
const patience = 250

/** The limits of waits that share feeds, queue and timers. */
export const make = ({ clock, feeds, pacer, timers }: {
  readonly clock: Clock.Clock
  readonly feeds: Feed.Feeds
  readonly pacer: Pacer.Pacer<Waiter.Turn>
  readonly timers: Timers.Timers
}): Limit => {
  const now = () => Alarm.monotonicMillis(clock)

  const set: Limit["set"] = (waiter) => {
    const limit = Wait.limit(waiter.wait)
    const lastAt = lastPollAt(waiter)
    if (!Waiter.isLastPollMissing(waiter, limit, lastAt)) ringBy(waiter, limit)
    else if (lastAt > now()) ringBy(waiter, lastAt)
    else pollLast(waiter, limit)
  }

  const lastPollAt = ({ feed, wait }: Waiter.Waiter) => Wait.limit(wait) - feeds.lead(feed)

  const ringBy = (waiter: Waiter.Waiter, at: number): undefined => {
    if (at >= waiter.ringsAt) return
    waiter.ringsAt = at
    timers.set(waiter.timer, at)
  }

  const watch: Limit["watch"] = (waiter) => {
    const { listener, nextPollAt } = waiter
    if (listener.onProgress !== undefined && nextPollAt !== undefined) ringBy(waiter, nextPollAt + patience)
  }

  const rang: Limit["rang"] = (waiter) => {
    const { feed, wait } = waiter
    const time = now()
    const limit = Wait.limit(wait)
    const lastAt = lastPollAt(waiter)
    waiter.ringsAt = Number.POSITIVE_INFINITY
    const lateAt = (waiter.nextPollAt ?? Infinity) + patience
    waiter.isThrottled = isHeldBack(waiter) && time >= lateAt
    if (time < lateAt) watch(waiter)
    const isMissing = Waiter.isLastPollMissing(waiter, limit, lastAt)
    if (isMissing && time < lastAt) return ringBy(waiter, lastAt)
    if (isMissing && time <= limit) return pollLast(waiter, limit)
    // A poll sent right at the limit may still get an answer that takes no time.
    const end = feed.poll === undefined ? limit : Math.max(limit, feed.sentAt + 1)
    if (time < end) return ringBy(waiter, end)
    const decision = Wait.expire(wait, time, isMissing)
    if (decision._tag === "Ended") return decision.ending
    waiter.wait = decision.wait
    // A poll sent before the process was suspended is stale.
    if (feed.poll !== undefined && feed.sentAt <= limit) feeds.giveUp(feed)
    return pollLast(waiter, Wait.limit(decision.wait))
  }

  const isHeldBack = ({ feed, turn }: Waiter.Waiter) => pacer.has(turn) || (feed.poll !== undefined && !feed.isSent)

  const pollLast: Limit["pollLast"] = (waiter, limit) => {
    waiter.lastPollFor = limit
    pacer.urgent(waiter.turn, limit)
    ringBy(waiter, Math.max(limit, now() + 1))
  }

  return { set, watch, rang, pollLast }
}
