import { BulkOperation, BulkOperations, CloudflareError, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Fiber, Layer, Option, Result, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "../Scripted.ts"

const { every, inFlight, pollTimes, Poller, rateLimited, timed, timeoutOf, wait, within } = Scripted

// A poller whose answers take as many milliseconds as it says, one after the other.
const answering = (
  answerOf: (
    poll: number,
    now: number
  ) => Result.Result<BulkOperation.BulkOperation, CloudflareError.CloudflareError>,
  ...took: ReadonlyArray<number>
) => {
  let polls = 0
  return Scripted.getting(Effect.fnUntraced(function*() {
    const answer = answerOf(polls, DateTime.toEpochMillis(yield* DateTime.now))
    yield* Effect.sleep(took[polls++] ?? 0)
    return yield* Effect.fromResult(answer)
  }))
}
const op = { id: BulkOperation.OperationId.make("op") }
const completed = Result.succeed({ ...op, status: "completed", completed: Option.none() } as const)
const untilThreeSeconds = (_: number, now: number) =>
  now < 3000 ? Result.succeed({ ...op, status: "running" } as const) : completed

describe("the deadline", () => {
  const options = { schedule: every("4 seconds"), timeout: "10 seconds" } as const

  it.effect("is preceded by the last poll, and then nothing runs any more", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.strictEqual(endedAt, 10_000)
      assert.deepStrictEqual(yield* pollTimes, [0, 4000, 8000, 10_000])
      const error = timeoutOf(exit)
      assert.strictEqual(error.operationId, "op")
      assert.strictEqual(error.accountId, "account")
      assert.strictEqual(error.polls, 4)
      assert.deepStrictEqual(error.elapsed, Duration.seconds(10))
      assert.deepStrictEqual(Option.map(error.last, ({ status }) => status), Option.some("running"))
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* pollTimes, 4)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("still detects an operation that ends at that moment", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(endedAt, 10_000)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("leaves the last poll the time that an answer takes", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(endedAt, 10_000)
      const all = yield* pollTimes
      assert.isBelow(all.at(-1) ?? 0, 9900)
      assert.isAbove(all.at(-1) ?? 0, 9700)
      // One, though its answer made less of what answers take.
      assert.lengthOf(all, 4)
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }, { latency: "100 millis" }))))

  it.effect("needs no last poll if another wait polls at that moment", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      // Answers take 10 ms, so that a last poll is made 50 ms before a deadline.
      const other = yield* Effect.forkChild(poller.wait("op", { schedule: every("9940 millis") }))
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* Effect.forkChild(
        timed(poller.wait("op", { schedule: every("1 minute"), timeout: "5 seconds" }))
      )
      yield* TestClock.adjust("10 seconds")
      const [exit, endedAt] = yield* Fiber.join(fiber)
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(timeoutOf(exit).polls, 1)
      assert.deepStrictEqual(yield* pollTimes, [0, 9950])
      yield* Fiber.interrupt(other)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }, { latency: "10 millis" }))))

  it.effect("aborts a request that hangs", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(timeoutOf(exit).polls, 2)
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "hang"] }))))

  it.effect("can be followed by another wait with the details of the timeout", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait(options))
      const { accountId, startedAt } = timeoutOf(exit)
      const [again] = yield* within(wait({ accountId, startedAt }))
      assert.isTrue(Exit.isSuccess(again))
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("5 minutes") }))))

  it.effect("does not delay the end of a schedule", () =>
    Effect.gen(function*() {
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 2 }))
      const [exit, endedAt] = yield* within(wait({ schedule }))
      assert.strictEqual(endedAt, 2000)
      assert.strictEqual(timeoutOf(exit).polls, 3)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("is not extended by a first request that hangs", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(timeoutOf(exit).polls, 1)
      assert.strictEqual(timeoutOf(exit).message.includes("1 poll, never seen"), true)
    }).pipe(Effect.provide(Scripted.layer({ op: ["hang"] }))))

  it.effect("can be sixty days away, with a Retry-After of a month: timers do not overflow", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        timed(wait({ schedule: every("1 day"), timeout: "60 days", tolerance: "60 days" }))
      )
      yield* TestClock.adjust("61 days")
      const [exit, endedAt] = yield* Fiber.join(fiber)
      assert.strictEqual(endedAt, Duration.toMillis("60 days"))
      assert.strictEqual(timeoutOf(exit).polls, 28)
      const all = yield* pollTimes
      assert.strictEqual((all[1] ?? 0) - (all[0] ?? 0), 3_000_000_000)
    }).pipe(Effect.provide(Scripted.layer({ op: [rateLimited("3000000 seconds"), "running"] }))))

  it.effect("interrupts a schedule that is slow to answer", () =>
    Effect.gen(function*() {
      const slow = Schedule.forever.pipe(Schedule.modifyDelay(() => Effect.never))
      const [exit, endedAt] = yield* within(wait({ schedule: slow, timeout: "5 seconds" }))
      assert.strictEqual(endedAt, 5000)
      assert.strictEqual(timeoutOf(exit).polls, 2)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("counts from the start of the wait, not from the start of a slow schedule", () =>
    Effect.gen(function*() {
      const slow = Schedule.fromStep(
        Effect.as(
          Effect.sleep("30 seconds"),
          () => Effect.succeed<[number, Duration.Duration]>([0, Duration.seconds(1)])
        )
      )
      const [exit, endedAt] = yield* within(
        wait({ startedAt: DateTime.makeUnsafe(0), schedule: slow, timeout: "5 seconds" })
      )
      assert.strictEqual(endedAt, 5000)
      assert.strictEqual(timeoutOf(exit).polls, 1)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("ends all waits that share it with the answer to one last poll", () =>
    Effect.gen(function*() {
      const get = Effect.fnUntraced(function*(operationId: string) {
        // No time, and yet not at once.
        yield* Effect.yieldNow
        const id = BulkOperation.OperationId.make(operationId)
        const now = yield* DateTime.now
        if (DateTime.toEpochMillis(now) < 10_000) return BulkOperation.Running.make({ id })
        return { id, status: "completed", completed: Option.none() } as const
      })
      const layer = BulkOperationPoller.layer.pipe(
        Layer.provide(Layer.succeed(BulkOperations.BulkOperations, { accountId: "account", get }))
      )
      const all = Effect.forEach([1, 2, 3], () => wait(options), { concurrency: "unbounded" })
      const [exit] = yield* within(Effect.provide(all, layer))
      assert.isTrue(Exit.isSuccess(exit), String(exit))
    }))

  for (const first of [40, 60, 80, 100, 120]) {
    it.effect(`has its last poll early enough if the first took ${first} ms and others take 40 to 120 ms`, () =>
      Effect.gen(function*() {
        const [exit] = yield* within(
          Effect.forEach(
            [40, 60, 80, 100, 119],
            (last) =>
              wait({ schedule: every("1 hour"), timeout: "6 seconds" }).pipe(
                Effect.provide(answering(untilThreeSeconds, first, last))
              ),
            { concurrency: "unbounded" }
          )
        )
        assert.isTrue(Exit.isSuccess(exit), String(exit))
      }))
  }

  it.effect("has its last poll early enough for a new connection, even if the first answer took a millisecond", () =>
    Effect.gen(function*() {
      const blocked = Result.fail(new CloudflareError.CloudflareError({ reason: rateLimited("34 days") }))
      const [exit, endedAt] = yield* within(
        wait({ timeout: "2500 millis" }).pipe(
          Effect.provide(answering((poll) => poll === 0 ? blocked : completed, 1, 45))
        )
      )
      assert.isTrue(Exit.isSuccess(exit), String(exit))
      assert.strictEqual(endedAt, 2495)
    }))

  it.effect("has its last poll even if another poll waits for the request budget", () =>
    Effect.gen(function*() {
      const sent: Array<string> = []
      const get = Effect.fnUntraced(function*(operationId: string) {
        const { admitted, delayed, priority } = yield* RequestBudget.CurrentClaim
        if (sent.length > 0 && priority === "poll") return yield* Effect.andThen(delayed, Effect.never)
        yield* admitted
        sent.push(priority)
        return BulkOperation.Running.make({ id: BulkOperation.OperationId.make(operationId) })
      })
      const layer = BulkOperationPoller.layer.pipe(
        Layer.provide(Layer.succeed(BulkOperations.BulkOperations, { accountId: "account", get }))
      )
      const [exit, endedAt] = yield* within(Effect.provide(wait(options), layer))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(timeoutOf(exit).polls, 2)
      assert.deepStrictEqual(sent, ["poll", "lastPoll"])
    }))
})
