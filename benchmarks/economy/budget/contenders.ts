/**
 * How many waits share an account, or do not. Whoever waits here has just started the operation.
 */
import { type BulkOperation, BulkOperations, type CloudflareError, RequestBudget } from "@bulk-operations/core"
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

const polling = (schedule?: PollSchedule.PollSchedule) =>
  Effect.map(
    BulkOperationPoller.make,
    (poller): Wait => (operationId, startedAt, timeout) =>
      poller.wait(operationId, { startedAt, timeout, ...(schedule !== undefined && { schedule }) })
  )

const poller = polling()

const allowed = { limit: 1200, window: Duration.minutes(5) }

/** One `BulkOperationPoller` for all, with the budget that it has by default. */
export const ours: Contender = { name: "**ours**", make: poller }

/** The same where nothing is left to the other calls of the application. */
export const oursAlone: Contender = {
  name: "ours, share 1",
  make: Effect.provide(poller, RequestBudget.layer({ share: 1 }))
}

/** The same without a budget: what remains is that all of them pause when one is refused. */
export const oursWithoutBudget: Contender = {
  name: "ours, no budget",
  make: Effect.provide(poller, RequestBudget.layer({ limit: Infinity }))
}

/** The same with the schedule that learns how long operations take. */
export const oursLearned: Contender = { name: "ours, `learned`", make: polling(PollSchedule.learned()) }

// Who has another clock knows nothing of the others, as in another process. Its time of day may be set.
const another = (setBy: (millis: number) => number) =>
  Effect.map(Clock.Clock, (clock): Clock.Clock => {
    const millis = () => clock.currentTimeMillisUnsafe() + setBy(clock.currentTimeMillisUnsafe())
    const nanos = () => BigInt(millis()) * 1_000_000n
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos,
      sleep: (duration) => clock.sleep(duration)
    }
  })

/** The same where the clock is set back by an hour, half an hour after the start. */
export const oursSetBack: Contender = {
  name: "ours, clock set back an hour",
  make: Effect.gen(function*() {
    const clock = yield* another((millis) => millis < 1_800_000 ? 0 : -3_600_000)
    const wait = yield* Effect.provideService(poller, Clock.Clock, clock)
    return (id, _, timeout) => wait(id, DateTime.makeUnsafe(clock.currentTimeMillisUnsafe()), timeout)
  })
}

/** Every other wait in another process: they share the budget by a store. */
export const oursTwice: Contender = {
  name: "ours, two processes",
  make: Effect.gen(function*() {
    const limiter = yield* RateLimiter.make
    const process = Effect.flatMap(another(() => 0), (clock) => Effect.provideService(poller, Clock.Clock, clock))
    const waits = yield* Effect.all([process, process]).pipe(Effect.provide(RequestBudget.layer({ limiter })))
    let turn = 0
    const wait: Wait = (id, startedAt, timeout) => waits[turn++ % 2 === 0 ? 0 : 1](id, startedAt, timeout)
    return wait
  }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
}

type Look = (operationId: string) => Effect.Effect<BulkOperation.BulkOperation, CloudflareError.CloudflareError>

// A loop by hand, and a good one: it bears being refused for as long as it is told to wait.
const looping = (schedule: Schedule.Schedule<unknown>, look: Look): Wait => {
  const ask = (operationId: string): ReturnType<Look> =>
    Effect.catchReason(
      look(operationId),
      "CloudflareError",
      "RateLimited",
      ({ retryAfter }) =>
        Effect.andThen(Effect.sleep(retryAfter ?? Duration.minutes(1)), Effect.suspend(() => ask(operationId)))
    )
  return (operationId) =>
    Effect.schedule(
      ask(operationId).pipe(
        Effect.filterOrFail(({ status }) => status === "running")
      ),
      schedule
    ).pipe(Effect.ignore)
}

const independent = (name: string, schedule: Schedule.Schedule<unknown>): Contender => ({
  name,
  make: Effect.map(BulkOperations.BulkOperations, ({ get }) => looping(schedule, (operationId) => get(operationId)))
})

/** Each wait for itself, with our schedule. */
export const independentQuadratic = independent("independent, our schedule", PollSchedule.quadratic())

/** Each wait for itself, as people write it by hand. */
export const independentEvery2 = independent("independent, every 2 s", PollSchedule.spaced("2 seconds"))

// The bucket that ours uses by default: of 80 % of what is allowed a tenth at once, and the rest within the window.
const share = 0.8 * allowed.limit
const bucket = {
  key: "first-come",
  algorithm: "token-bucket",
  limit: 0.1 * share,
  window: Duration.times(allowed.window, 0.1 / 0.9)
} as const

/** Our schedule for each wait, and its polls wait for the same budget as ours, in the order in which they are due. */
export const firstCome: Contender = {
  name: "first-come queue",
  make: Effect.gen(function*() {
    const { get } = yield* BulkOperations.BulkOperations
    const limiter = yield* RateLimiter.make
    const turn = RateLimiter.sleep(limiter, bucket)
    return looping(
      PollSchedule.quadratic(),
      (operationId) => Effect.andThen(Effect.orDie(turn), Effect.suspend(() => get(operationId)))
    )
  }).pipe(Effect.provide(RateLimiter.layerStoreMemory))
}
