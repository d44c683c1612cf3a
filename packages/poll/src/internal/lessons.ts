/** Connects waits with the histories: what they learn from, and what they add. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Hazard, Key, PollHistory } from "../PollHistory.ts"
import type * as Feed from "./feed.ts"
import type * as Request from "./request.ts"

/** A poller's histories, from the view of its waits. */
export interface Lessons {
  /** The hazard of the operation, to be read before each gap. */
  readonly hazard: (request: Request.Request) => Effect.Effect<Hazard>
  /** Records an operation that has ended or has no subscribers left, if its start is known. */
  readonly take: (feed: Feed.Feed, ended?: Feed.Ended) => void
}

export const make = ({ clockOffset, fork, histories }: {
  readonly histories: PollHistory["Service"]
  readonly fork: (effect: Effect.Effect<void>) => unknown
  /** How many milliseconds Cloudflare's clock is ahead of ours. */
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

  // Whole seconds, because both `completed` and the `Date` behind the offset have whole seconds.
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
