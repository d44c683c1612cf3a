/**
 * What waits learn from the operations before them, and what those after them learn from theirs.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Hazard, Key, PollHistory } from "../PollHistory.ts"
import type * as Feed from "./feed.ts"
import type * as Request from "./request.ts"

/** A poller's histories, as its waits use them. */
export interface Lessons {
  /** What is known of the operation that is waited for, to be asked before each gap. */
  readonly hazard: (request: Request.Request) => Effect.Effect<Hazard>
  /** Takes note of an operation that has ended, or that nobody reads any more, if it is known when it began. */
  readonly take: (feed: Feed.Feed, ended?: Feed.Ended) => void
}

export const make = ({ clockOffset, fork, histories }: {
  readonly histories: PollHistory["Service"]
  readonly fork: (effect: Effect.Effect<void>) => unknown
  /** By how many milliseconds Cloudflare's clock is ahead of ours. */
  readonly clockOffset: () => number
}): Lessons => {
  const take: Lessons["take"] = ({ accountId, operationId, origin, underWayAt }, ended) => {
    if (origin === undefined) return
    const moment = (at: number | undefined) => at === undefined ? undefined : momentOf(origin.wallTime + at)
    const recorded = Effect.suspend(() =>
      histories.record(keyOf(accountId, origin.history), {
        startedAt: momentOf(origin.startedAt),
        underWayAt: moment(underWayAt),
        seenAt: moment(ended?.at),
        completed: ended && Option.getOrUndefined(Option.map(ended.operation.completed, ours))
      })
    )
    fork(
      Effect.catchCause(
        recorded,
        (cause) => Effect.logDebug(`Bulk operation ${operationId} is missing from its history`, cause)
      )
    )
  }

  // In whole seconds, as both `completed` and the `Date` that the offset was read from have them.
  const ours = (completed: DateTime.DateTime) =>
    DateTime.subtract(completed, { seconds: Math.round(clockOffset() / 1000) })

  return {
    hazard: ({ accountId, expected, history }) =>
      Effect.suspend(() => histories.hazard(keyOf(accountId, history), { expected })),
    take
  }
}

const keyOf = (accountId: string | undefined, name: string): Key => ({ accountId: accountId ?? "", name })

const momentOf = (at: number) => DateTime.makeUnsafe(Math.round(at))
