/**
 * A load, waited for by a contender, on virtual time.
 */
import { BulkOperations } from "@bulk-operations/core"
import { Clock, DateTime, Duration, Effect, Exit, Logger, Random, References } from "effect"
import { TestClock } from "effect/testing"
import * as Account from "./account.ts"
import type { Contender } from "./contenders.ts"
import type { Lane, Load } from "./load.ts"

/** What became of an operation. Times are in seconds. */
export interface Outcome {
  readonly duration: number
  /** None for one whose wait failed. */
  readonly lateness: number | undefined
  readonly requests: number
}

export interface Trial {
  /** Of the operations that count. */
  readonly outcomes: ReadonlyArray<Outcome>
  /** How many requests were answered 429, those of the warm-up as well. */
  readonly refused: number
  /** For which part of the time the account was blocked. */
  readonly blocked: number
  /** The most requests in any five minutes. */
  readonly busiest: number
  /** The longest that a call of the application took. */
  readonly slowestCall: number
}

export const run = (load: Load, contender: Contender): Effect.Effect<Trial> =>
  Effect.flatMap(Clock.Clock, (clock) => runOn(clock, load, contender)).pipe(
    // Nobody reads spans or logs here.
    Effect.provideService(References.TracerEnabled, false),
    Effect.provide([TestClock.layer(), Logger.layer([])]),
    Random.withSeed(load.name)
  )

const runOn = (clock: Clock.Clock, load: Load, contender: Contender): Effect.Effect<Trial> => {
  const account = Account.make(clock, load.blockedFrom)
  const outcomes: Array<Outcome> = []
  const open = new Set<string>()
  let slowestCall = 0

  const follow = Effect.gen(function*() {
    const wait = yield* contender.make
    const waitForOne = Effect.fnUntraced(function*(id: string, duration: number, timeout = Infinity) {
      const startedAt = yield* DateTime.now
      const began = DateTime.toEpochMillis(startedAt)
      const counts = began >= load.from && began < load.to
      account.start(id, began + duration)
      if (counts) open.add(id)
      const exit = yield* Effect.exit(wait(id, startedAt, timeout))
      const late = (yield* Clock.currentTimeMillis) - began - duration
      if (!counts) return
      open.delete(id)
      outcomes.push({
        duration: duration / 1000,
        lateness: Exit.isSuccess(exit) ? late / 1000 : undefined,
        requests: account.requests(id)
      })
    })
    const lane = Effect.fnUntraced(function*({ nextDuration, startsAt, timeout }: Lane, index: number) {
      yield* Effect.sleep(startsAt)
      let turn = 0
      do {
        yield* waitForOne(`${index}-${turn++}`, nextDuration(), timeout)
      } while (load.again)
    })
    yield* Effect.forEach(load.lanes(), (one, index) => Effect.forkScoped(lane(one, index)), { discard: true })
    const { get } = yield* BulkOperations.BulkOperations
    account.start("call", 0)
    const call = Effect.map(Effect.timed(Effect.exit(get("call"))), ([duration]) => {
      slowestCall = Math.max(slowestCall, Duration.toSeconds(duration))
    })
    yield* Effect.forEach(load.calls ?? [], (at) => Effect.forkScoped(Effect.delay(call, at)), { discard: true })
    yield* TestClock.adjust(load.to)
    while (open.size > 0) yield* TestClock.adjust("10 minutes")
    const now = yield* Clock.currentTimeMillis
    const { millis, refused } = account.blocked(now)
    return { outcomes, refused, blocked: millis / now, busiest: account.busiest(), slowestCall }
  })

  return Effect.scoped(follow).pipe(Effect.provide(account.layer))
}
