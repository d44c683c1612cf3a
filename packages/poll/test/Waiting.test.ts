import { CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollSchedule, type WaitError } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"

const { BulkOperationPoller: Poller } = BulkOperationPoller

const scripted = (
  scripts: Parameters<typeof BulkOperationsTest.layer>[0],
  options?: BulkOperationsTest.Options
) => BulkOperationPoller.layer.pipe(Layer.provideMerge(BulkOperationsTest.layer(scripts, options)))

// When each look was made, in milliseconds since the test began.
const looks = Effect.gen(function*() {
  const { calls } = yield* BulkOperationsTest.BulkOperationsTest
  return (yield* calls).map(({ at }) => DateTime.toEpochMillis(at))
})

const inFlight = BulkOperationsTest.BulkOperationsTest.use(({ inFlight }) => inFlight)

const wait = (options?: BulkOperationPoller.WaitOptions) => Poller.use((poller) => poller.wait("op", options))

// Lets an hour pass, and says how and when the effect ended.
const within = <A, E, R>(effect: Effect.Effect<A, E, R>, time: Duration.Input = "1 hour") =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      Effect.flatMap(Effect.exit(effect), (exit) =>
        Effect.map(DateTime.now, (now) => [exit, DateTime.toEpochMillis(now)] as const))
    )
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

const failure = <A, E>(exit: Exit.Exit<A, E>): E => Option.getOrThrow(Exit.findErrorOption(exit))

const timeout = (exit: Exit.Exit<unknown, unknown>): WaitError.PollTimeout => {
  const error = failure(exit)
  assert.propertyVal(error, "_tag", "PollTimeout")
  return error as WaitError.PollTimeout
}

const reason = {
  method: "GET",
  path: "/accounts/account/rules/lists/bulk_operations/op",
  errors: []
}
const badGateway = new CloudflareError.ServerError({ ...reason, status: 502 })
const rateLimited = (retryAfter: Duration.Input) =>
  new CloudflareError.RateLimited({ ...reason, status: 429, retryAfter: Duration.fromInputUnsafe(retryAfter) })

const everySecond = PollSchedule.spaced("1 second")

describe("the first look", () => {
  it.effect("is at once, and a terminal status ends the wait without another request", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait())
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(endedAt, 0)
      assert.deepStrictEqual(yield* looks, [0])
    }).pipe(Effect.provide(scripted({ op: ["completed"] }))))

  it.effect("is after the first gap for an operation that was just started", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      yield* within(wait({ startedAt, schedule: PollSchedule.spaced("5 seconds") }))
      assert.deepStrictEqual(yield* looks, [5000])
    }).pipe(Effect.provide(scripted({ op: ["completed"] }))))

  it.effect("is at once for an older one, which goes on with the gaps of its age", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("10 minutes")
      const startedAt = DateTime.makeUnsafe(0)
      yield* within(wait({ startedAt, schedule: PollSchedule.quadratic({ requestCost: "1 second" }) }))
      const [first = 0, second = 0] = yield* looks
      assert.strictEqual(first, 600_000)
      // 2 · √(1 s · 600 s) + 1 s
      assert.approximately(second - first, 49_990, 10)
    }).pipe(Effect.provide(scripted({ op: ["running", "completed"] }))))
})

describe("the end", () => {
  it.effect("is the completed operation", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait({ schedule: everySecond }))
      assert.isTrue(Exit.isSuccess(exit) && exit.value.status === "completed")
      assert.deepStrictEqual(yield* looks, [0, 1000, 2000])
    }).pipe(Effect.provide(scripted({ op: ["pending", "running", "completed"] }))))

  it.effect("is BulkOperationFailed with Cloudflare's text where the operation failed", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait())
      assert.propertyVal(failure(exit), "message", "Bulk operation op failed: This list is full")
    }).pipe(Effect.provide(scripted({ op: ["running", BulkOperationsTest.failed("This list is full")] }))))
})

describe("the deadline", () => {
  const options = { schedule: PollSchedule.spaced("4 seconds"), timeout: "10 seconds" } as const

  it.effect("gets the last look, and then nothing runs any more", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.strictEqual(endedAt, 10_000)
      assert.deepStrictEqual(yield* looks, [0, 4000, 8000, 10_000])
      const error = timeout(exit)
      assert.strictEqual(error.operationId, "op")
      assert.strictEqual(error.accountId, "account")
      assert.strictEqual(error.polls, 4)
      assert.deepStrictEqual(error.elapsed, Duration.seconds(10))
      assert.deepStrictEqual(Option.map(error.last, ({ status }) => status), Option.some("running"))
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* looks, 4)
    }).pipe(Effect.provide(scripted({ op: ["running"] }))))

  it.effect("is where an operation that ends at that moment is still seen", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(endedAt, 10_000)
    }).pipe(Effect.provide(scripted({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("leaves the last look the time that an answer takes", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(endedAt, 10_000)
      const all = yield* looks
      assert.isBelow(all.at(-1) ?? 0, 9900)
      assert.isAbove(all.at(-1) ?? 0, 9700)
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(Effect.provide(scripted({ op: ["running"] }, { latency: "100 millis" }))))

  it.effect("cuts a request that hangs", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait(options))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(timeout(exit).polls, 2)
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(Effect.provide(scripted({ op: ["running", "hang"] }))))

  it.effect("can be followed by another wait from what the timeout holds", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait(options))
      const { accountId, startedAt } = timeout(exit)
      const [again] = yield* within(wait({ accountId, startedAt }))
      assert.isTrue(Exit.isSuccess(again))
    }).pipe(Effect.provide(scripted({ op: BulkOperationsTest.lasting("5 minutes") }))))

  it.effect("is not waited for when the schedule ends", () =>
    Effect.gen(function*() {
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 2 }))
      const [exit, endedAt] = yield* within(wait({ schedule }))
      assert.strictEqual(endedAt, 2000)
      assert.strictEqual(timeout(exit).polls, 3)
    }).pipe(Effect.provide(scripted({ op: ["running"] }))))
})

describe("trouble", () => {
  const transientSchedule = Schedule.spaced("3 seconds")

  it.effect("that passes does not end a wait, and the schedule goes on where it was", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait({ schedule: everySecond, transientSchedule }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(yield* looks, [0, 1000, 4000, 7000, 8000])
    }).pipe(Effect.provide(scripted({ op: ["running", badGateway, badGateway, "running", "completed"] }))))

  it.effect("that lasts longer than the tolerance ends it, after a last look", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({ transientSchedule, tolerance: "10 seconds" }))
      assert.strictEqual(endedAt, 10_000)
      assert.propertyVal(failure(exit), "_tag", "CloudflareError")
      assert.deepStrictEqual(yield* looks, [0, 3000, 6000, 9000, 10_000])
    }).pipe(Effect.provide(scripted({ op: [badGateway] }))))

  it.effect("with Retry-After holds the next look back, and only that one", () =>
    Effect.gen(function*() {
      yield* within(wait({ schedule: everySecond, transientSchedule }))
      assert.deepStrictEqual(yield* looks, [0, 20_000, 23_000, 24_000])
    }).pipe(Effect.provide(scripted({ op: [rateLimited("20 seconds"), badGateway, "running", "completed"] }))))

  it.effect("with a Retry-After of a day sleeps no longer than the tolerance, or the deadline", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({ tolerance: "10 minutes" }))
      assert.strictEqual(endedAt, 600_000)
      assert.propertyVal(failure(exit), "_tag", "CloudflareError")
      const [again, endedAgainAt] = yield* within(wait({ timeout: "5 minutes" }))
      assert.strictEqual(endedAgainAt - 3_600_000, 300_000)
      assert.isTrue(Option.isSome(timeout(again).lastError))
    }).pipe(Effect.provide(scripted({ op: [rateLimited("1 day")] }))))

  for (
    const reasonThatStays of ["Unauthorized", "Forbidden", "InvalidRequest", "UnexpectedResponse", "NotFound"] as const
  ) {
    it.effect(`that cannot pass ends it at once: ${reasonThatStays}`, () =>
      Effect.gen(function*() {
        const [exit, endedAt] = yield* within(wait())
        assert.strictEqual(endedAt, 0)
        assert.propertyVal(failure(exit), "_tag", "CloudflareError")
        assert.deepStrictEqual(yield* looks, [0])
      }).pipe(Effect.provide(scripted({ op: [new CloudflareError[reasonThatStays](reason)] }))))
  }

  it.effect("NotFound is borne for as long as notFoundGrace", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait({ notFoundGrace: "5 seconds", transientSchedule }))
      assert.isTrue(Exit.isSuccess(exit))
    }).pipe(Effect.provide(scripted({ op: [new CloudflareError.NotFound(reason), "completed"] }))))
})

describe("changes", () => {
  it.effect("tells the status as it is and each change once, a failed operation included", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(Effect.flatMap(Poller, (poller) => Stream.runCollect(poller.changes("op"))))
      const seen = Exit.match(exit, { onSuccess: (all) => all.map(({ status }) => status), onFailure: () => [] })
      assert.deepStrictEqual(seen, ["pending", "running", "failed"])
    }).pipe(Effect.provide(scripted({ op: ["pending", "pending", "running", "running", "failed"] }))))

  it.effect("tells someone who comes late the current status at once, without another request", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const early = yield* Effect.forkChild(poller.wait("op", { schedule: PollSchedule.spaced("1 minute") }))
      yield* TestClock.adjust("90 seconds")
      const late = yield* poller.changes("op", { schedule: PollSchedule.spaced("1 minute") }).pipe(
        Stream.take(1),
        Stream.runCollect
      )
      assert.deepStrictEqual(late.map(({ status }) => status), ["running"])
      yield* Fiber.interrupt(early)
    }).pipe(Effect.provide(scripted({ op: ["running"] }))))
})

describe("sharing", () => {
  it.effect("a thousand waits and streams cost the requests of one", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const all = Effect.all([
        Effect.all(Array.from({ length: 500 }, () => poller.wait("op")), { concurrency: "unbounded" }),
        Effect.all(Array.from({ length: 500 }, () => Stream.runDrain(poller.changes("op"))), {
          concurrency: "unbounded"
        })
      ], { concurrency: "unbounded" })
      const [exit] = yield* within(all)
      assert.isTrue(Exit.isSuccess(exit))
      const together = (yield* looks).length
      assert.isBelow(together, 25)
    }).pipe(Effect.provide(scripted({ op: BulkOperationsTest.lasting("1 minute") }))))

  it.effect("operations with equal ids in different accounts are different", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* within(
        Effect.all([poller.wait("op", { accountId: "a" }), poller.wait("op", { accountId: "b" })], { concurrency: 2 })
      )
      assert.lengthOf(yield* looks, 2)
    }).pipe(Effect.provide(scripted({ op: ["completed"] }))))

  it.effect("interrupting one leaves the others alone; with the last one the request is aborted and the looks stop", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const first = yield* Effect.forkChild(poller.wait("op", { schedule: everySecond }))
      const second = yield* Effect.forkChild(poller.wait("op", { schedule: everySecond }))
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(yield* looks, 2)
      assert.strictEqual(yield* inFlight, 1)
      yield* Fiber.interrupt(second)
      assert.strictEqual(yield* inFlight, 0)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* looks, 2)
    }).pipe(Effect.provide(scripted({ op: ["running", "hang"] }))))
})
