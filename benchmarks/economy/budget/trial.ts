/**
 * A load, waited for by a contender, on virtual time.
 */
import { BulkOperations } from "@bulk-operations/core"
import { Clock, DateTime, Duration, Effect, Exit, Logger, Random, References } from "effect"
import { TestClock } from "effect/testing"
import * as Account from "./account.ts"
import type { Contender } from "./contenders.ts"
import type { Lane, Load } from "./loads.ts"

/** What became of an operation. Times are in seconds. */
export interface Outcome {
  readonly duration: number
  /** Infinite for one whose wait failed. */
  readonly late: number
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

/** Tries the contender under the load. */
export const run = (load: Load, contender: Contender): Effect.Effect<Trial> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const account = Account.make(clock, load.blockedFrom)
    return Effect.scoped(runOn(account, load, contender)).pipe(Effect.provide(account.layer))
  }).pipe(
    // Nobody looks at spans or logs here.
    Effect.provideService(References.TracerEnabled, false),
    Effect.provide([TestClock.layer(), Logger.layer([])]),
    Random.withSeed(load.name)
  )

const runOn = Effect.fnUntraced(function*(account: Account.Account, load: Load, contender: Contender) {
  const outcomes: Array<Outcome> = []
  const open = new Set<string>()
  const wait = yield* contender.make

  const waitForOne = Effect.fnUntraced(function*(id: string, duration: number, timeout = Infinity) {
    const startedAt = yield* DateTime.now
    const began = DateTime.toEpochMillis(startedAt)
    account.start(id, began + duration)
    const counts = began >= load.from && began < load.to
    if (counts) open.add(id)
    const exit = yield* Effect.exit(wait(id, startedAt, timeout))
    const late = Exit.isSuccess(exit) ? (yield* Clock.currentTimeMillis) - began - duration : Infinity
    if (!counts) return
    open.delete(id)
    outcomes.push({ duration: duration / 1000, late: late / 1000, requests: account.requests(id) })
  })
  const follow = Effect.fnUntraced(function*({ nextDuration, startsAt, timeout }: Lane, index: number) {
    yield* Effect.sleep(startsAt)
    let turn = 0
    do {
      yield* waitForOne(`${index}-${turn++}`, nextDuration(), timeout)
    } while (load.again)
  })
  yield* Effect.forEach(yield* load.lanes, (lane, index) => Effect.forkScoped(follow(lane, index)), { discard: true })

  let slowestCall = 0
  account.start("call", 0)
  const { get } = yield* BulkOperations.BulkOperations
  const call = Effect.map(Effect.timed(Effect.exit(get("call"))), ([duration]) => {
    slowestCall = Math.max(slowestCall, Duration.toSeconds(duration))
  })
  yield* Effect.forEach(load.calls ?? [], (at) => Effect.forkScoped(Effect.delay(call, at)), { discard: true })

  yield* TestClock.adjust(load.to)
  while (open.size > 0) yield* TestClock.adjust("10 minutes")
  const trial: Trial = { outcomes, slowestCall, ...account.seen(yield* Clock.currentTimeMillis) }
  return trial
})
