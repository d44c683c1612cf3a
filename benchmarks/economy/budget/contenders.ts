/**
 * How many waits share an account, or do not. Whoever waits here has just started the operation.
 */
import { BulkOperations, RequestBudget } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Clock, DateTime, Duration, Effect, type Schedule, type Scope } from "effect"
import { RateLimiter } from "effect/persistence"

/** Waits for the end of an operation, for so long. */
export type Wait = (
  operationId: string,
  startedAt: DateTime.DateTime,
  timeout: Duration.Input
) => Effect.Effect<unknown, unknown>

export interface Contender {
  readonly name: string
  readonly make: Effect.Effect<Wait, never, BulkOperations.BulkOperations | Scope.Scope>
}

const polling = (schedule: PollSchedule.PollSchedule) =>
  Effect.map(
    BulkOperationPoller.make,
    (poller): Wait => (operationId, startedAt, timeout) => poller.wait(operationId, { startedAt, timeout, schedule })
  )

const poller = polling(PollSchedule.quadratic())

/** One `BulkOperationPoller` for all, with the budget that it has by default. */
export const ours: Contender = { name: "**ours**", make: poller }

/** The same where nothing is left to the other calls of the application. */
export const oursAlone: Contender = {
  name: "ours, share 1",
  make: Effect.provide(poller, RequestBudget.layer({ share: 1 }))
}

/** The same with the schedule that learns how long operations take. */
export const oursLearned: Contender = { name: "ours, `learned`", make: polling(PollSchedule.learned()) }

// Who has another clock knows nothing of the others, as in another process. Its time of day may be set.
const anotherClock = (setBy: (millis: number) => number) =>
  Effect.map(Clock.Clock, (clock): Clock.Clock => {
    const millis = () => clock.currentTimeMillisUnsafe() + setBy(clock.currentTimeMillisUnsafe())
    const nanos = () => BigInt(millis()) * 1_000_000n
    return {
      ...clock,
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos)
    }
  })

/** The same where the clock is set back by an hour, two hours after the start. */
export const oursSetBack: Contender = {
  name: "ours, clock set back an hour",
  make: Effect.gen(function*() {
    const clock = yield* anotherClock((millis) => millis < 2 * 3_600_000 ? 0 : -3_600_000)
    const wait = yield* Effect.provideService(poller, Clock.Clock, clock)
    return (id, _, timeout) => wait(id, DateTime.makeUnsafe(clock.currentTimeMillisUnsafe()), timeout)
  })
}

/** Every other wait in another process: they share the budget by a store. */
export const oursTwice: Contender = {
  name: "ours, two processes",
  make: Effect.gen(function*() {
    const process = Effect.flatMap(anotherClock(() => 0), (clock) => Effect.provideService(poller, Clock.Clock, clock))
    const budget = RequestBudget.layer({ limiter: yield* RateLimiter.make })
    const [one, another] = yield* Effect.provide(Effect.all([process, process]), budget)
    let turn = 0
    return (id: string, startedAt: DateTime.DateTime, timeout: Duration.Input) =>
      (turn++ % 2 === 0 ? one : another)(id, startedAt, timeout)
  }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
}

// A loop by hand, and a good one: it tolerates being refused for as long as it is told to wait.
const looping = (schedule: Schedule.Schedule<unknown>, turn: Effect.Effect<unknown> = Effect.void) =>
  Effect.map(BulkOperations.BulkOperations, ({ get }): Wait => (operationId) => {
    const poll: ReturnType<typeof get> = Effect.suspend(() => Effect.andThen(turn, get(operationId))).pipe(
      Effect.catchReason(
        "CloudflareError",
        "RateLimited",
        ({ retryAfter }) => Effect.andThen(Effect.sleep(retryAfter ?? Duration.minutes(1)), poll)
      )
    )
    return Effect.ignore(Effect.schedule(Effect.filterOrFail(poll, ({ status }) => status === "running"), schedule))
  })

/** Each wait for itself, with our schedule. */
export const independentQuadratic: Contender = {
  name: "independent, our schedule",
  make: looping(PollSchedule.quadratic())
}

/** Each wait for itself, as people write it by hand. */
export const independentEvery2: Contender = {
  name: "independent, every 2 s",
  make: looping(PollSchedule.spaced("2 seconds"))
}

// The bucket that ours uses by default: of 80 % of what is allowed a tenth at once, and the rest within the window.
const bucket = {
  key: "first-come",
  algorithm: "token-bucket",
  limit: 0.1 * 960,
  window: Duration.minutes(5 * 0.1 / 0.9)
} as const

/** Our schedule for each wait, and its polls wait for the same budget as ours, in the order in which they are due. */
export const firstCome: Contender = {
  name: "first-come queue",
  make: Effect.flatMap(
    RateLimiter.make,
    (limiter) => looping(PollSchedule.quadratic(), Effect.orDie(RateLimiter.sleep(limiter, bucket)))
  ).pipe(Effect.provide(RateLimiter.layerStoreMemory))
}
