import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { DurablePoller, WaitStatus } from "@bulk-operations/durable"
import { BulkOperationPoller, PollOptions, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Logger, Option, Result } from "effect"
import { TestRunner } from "effect/cluster"
import { TestClock } from "effect/testing"
import { after, at, hashed, inMemory, notFound, polledAt, scripted, serverError } from "./Scripted.ts"

const { lasting } = BulkOperationsTest
const poller = DurablePoller.DurablePoller

const fiveMinutes = inMemory({ "op-1": lasting("5 minutes"), "op-2": lasting("2 hours") })

describe("wait", () => {
  it.effect("returns the operation once it has completed", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      const completed = yield* after("10 minutes", wait("op-1"))
      assert.strictEqual(completed.id, "op-1")
      assert.isTrue(Option.isSome(completed.completed))
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("polls at the same times as a wait of BulkOperationPoller", () =>
    Effect.gen(function*() {
      const { start } = yield* poller
      const plain = yield* BulkOperationPoller.BulkOperationPoller
      yield* start("op-1", { startedAt: at(0) })
      yield* TestClock.adjust("10 minutes")
      const polls = yield* polledAt
      yield* after("10 minutes", plain.wait("op-1", { startedAt: at(600_000), accountId: "another" }))
      const others = (yield* polledAt).slice(polls.length)
      assert.deepStrictEqual(polls, others.map((millis) => millis - 600_000))
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("fails with Cloudflare's text if the operation failed", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      const error = yield* Effect.flip(after("1 minute", wait("op-1")))
      assert.strictEqual(error._tag, "BulkOperationFailed")
      assert.match(error.message, /the list is full/)
    }).pipe(Effect.provide(inMemory({ "op-1": ["pending", BulkOperationsTest.failed("the list is full")] }))))

  it.effect("fails with a permanent error", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      const error = yield* Effect.flip(after("1 minute", wait("op-3")))
      assert.strictEqual(error._tag === "CloudflareError" ? error.reason._tag : error._tag, "NotFound")
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("times out at the timeout after startedAt", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(600_000)
      const { wait } = yield* poller
      const error = yield* Effect.flip(after("1 hour", wait("op-2", { startedAt: at(0), timeout: "1 hour" })))
      assert(error._tag === "PollTimeout")
      assert.deepStrictEqual(error.startedAt, at(0))
      assert.deepStrictEqual(error.timeout, Duration.hours(1))
      assert.strictEqual(error.endedBy, "timeout")
      assert.isAtMost(Duration.toMillis(error.elapsed), 3_600_000)
      assert.isAtMost((yield* polledAt).at(-1) ?? 0, 3_600_000)
      assert.match(error.message, /did not end within 1h \(\d+ polls, last seen running\)/)
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("never times out with an infinite timeout", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      const completed = yield* after("3 hours", wait("op-2", { timeout: "Infinity" }))
      assert.strictEqual(completed.status, "completed")
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("polls by its requestCost, else by the schedule of its runner", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      yield* after("10 minutes", wait("op-1", { startedAt: at(0), requestCost: "4 seconds" }))
      assert.isBelow((yield* polledAt).length, 12)
      yield* after("3 hours", wait("op-2", { timeout: "Infinity" }))
      const gaps = (yield* polledAt).slice(-3)
      assert.strictEqual((gaps[2] ?? 0) - (gaps[1] ?? 0), 600_000)
    }).pipe(
      Effect.provide(
        Layer.fresh(fiveMinutes).pipe(
          Layer.provide(Layer.succeed(PollOptions.PollOptions, { schedule: PollSchedule.spaced("10 minutes") }))
        )
      )
    ))

  it.effect("applies its notFoundGrace and tolerance", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      const completed = yield* after("1 hour", wait("op-1", { notFoundGrace: "1 minute" }))
      assert.strictEqual(completed.status, "completed")
      const error = yield* Effect.flip(after("1 hour", wait("op-2", { tolerance: "1 minute", timeout: "2 hours" })))
      assert.strictEqual(error._tag === "CloudflareError" ? error.reason._tag : error._tag, "ServerError")
      assert.isBelow((yield* polledAt).at(-1) ?? 0, 3_600_000 + 100_000)
    }).pipe(Effect.provide(inMemory({
      "op-1": ({ attempt }) => attempt < 3 ? notFound : "completed",
      "op-2": [serverError]
    }))))

  it.effect("continues after its caller is interrupted", () =>
    Effect.gen(function*() {
      const { status, start, wait } = yield* poller
      const fiber = yield* Effect.forkChild(wait("op-1", { startedAt: at(0) }))
      yield* hashed
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("10 minutes")
      const id = yield* start("op-1", { startedAt: at(0) })
      assert.isTrue(WaitStatus.is("Ended")(yield* status(id)))
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("is shared by calls with the same account, operation and deadline", () =>
    Effect.gen(function*() {
      const { start } = yield* poller
      const options = { startedAt: at(0), timeout: "1 hour" } as const
      const first = yield* start("op-1", options)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* start("op-1", options), first)
      assert.strictEqual(yield* start("op-1", { startedAt: at(1_800_000), timeout: "30 minutes" }), first)
      const others = yield* Effect.all([
        start("op-1", { ...options, timeout: "2 hours" }),
        start("op-1", { ...options, accountId: "another" }),
        start("op-2", options),
        start("op-1")
      ])
      assert.strictEqual(new Set([first, ...others]).size, 5)
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("keeps its first options, and logs a warning if a later call has others", () => {
    const warnings: Array<unknown> = []
    const logger = Logger.make(({ logLevel, message }) => logLevel === "Warn" && warnings.push(String(message)))
    return Effect.gen(function*() {
      const { start, wait } = yield* poller
      yield* start("op-1", { startedAt: at(0), requestCost: "4 seconds", tolerance: "Infinity" })
      yield* start("op-1", { startedAt: at(0), requestCost: "4 seconds", tolerance: "Infinity" })
      assert.deepStrictEqual(warnings, [])
      yield* after("10 minutes", wait("op-1", { startedAt: at(0), requestCost: "1 milli" }))
      assert.isBelow((yield* polledAt).length, 12)
      assert.lengthOf(warnings, 1)
      assert.match(String(warnings[0]), /bulk operation op-1 .* another requestCost, tolerance/)
    }).pipe(Effect.provide([fiveMinutes, Logger.layer([logger])]))
  })

  it.effect("refuses invalid options", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      for (
        const [options, text] of [
          [{ timeout: -1 }, /timeout is .*must not be negative/],
          [{ tolerance: Number.NaN }, /tolerance is NaN, which is no duration/],
          [{ requestCost: 0 }, /requestCost is 0.*longer than zero/],
          [{ startedAt: at(-1e12) }, /more than ten years ago/]
        ] as const
      ) {
        const exit = yield* Effect.exit(wait("op-1", options))
        assert.match(String(Exit.isFailure(exit) && exit.cause), text)
      }
    }).pipe(Effect.provide(fiveMinutes)))
})

describe("status", () => {
  it.effect("is UnderWay, Ended or Unknown", () =>
    Effect.gen(function*() {
      const { status, start } = yield* poller
      const id = yield* start("op-1")
      const failing = yield* start("op-3")
      assert.deepStrictEqual(yield* status("nothing"), WaitStatus.Unknown())
      assert.deepStrictEqual(yield* status(id), WaitStatus.UnderWay())
      yield* TestClock.adjust("10 minutes")
      const [completed, failed] = [yield* status(id), yield* status(failing)]
      assert(completed._tag === "Ended" && Result.isSuccess(completed.result))
      assert.strictEqual(completed.result.success.id, "op-1")
      assert(failed._tag === "Ended" && Result.isFailure(failed.result))
      assert.strictEqual(failed.result.failure._tag, "CloudflareError")
    }).pipe(Effect.provide(fiveMinutes)))
})

describe("cancel", () => {
  it.effect("ends a wait at once, even if its request hangs", () =>
    Effect.gen(function*() {
      const { cancel, status, wait, start } = yield* poller
      const { inFlight } = yield* BulkOperationsTest.BulkOperationsTest
      const fiber = yield* Effect.forkChild(wait("op-1", { startedAt: at(0) }))
      yield* hashed
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* inFlight, 1)
      const id = yield* start("op-1", { startedAt: at(0) })
      yield* after("1 second", cancel(id))
      assert.strictEqual(yield* inFlight, 0)
      assert.deepStrictEqual(yield* status(id), WaitStatus.Cancelled())
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }).pipe(Effect.provide(inMemory({ "op-1": ["hang"] }))))

  it.effect("ignores a wait that has ended, and an unknown one", () =>
    Effect.gen(function*() {
      const { cancel, status, start } = yield* poller
      const id = yield* start("op-1")
      yield* TestClock.adjust("10 minutes")
      yield* cancel(id)
      yield* cancel("nothing")
      assert.isTrue(WaitStatus.is("Ended")(yield* status(id)))
    }).pipe(Effect.provide(fiveMinutes)))
})

describe("forget", () => {
  it.effect("removes a wait that has ended, but none that is under way", () =>
    Effect.gen(function*() {
      const { forget, status, start } = yield* poller
      const id = yield* start("op-1", { startedAt: at(0) })
      assert.isFalse(yield* forget(id))
      yield* TestClock.adjust("10 minutes")
      const before = (yield* polledAt).length
      assert.isTrue(yield* forget(id))
      assert.isTrue(yield* forget(id))
      assert.deepStrictEqual(yield* status(id), WaitStatus.Unknown())
      // It is another wait now.
      assert.strictEqual(yield* start("op-1", { startedAt: at(0) }), id)
      yield* TestClock.adjust("1 minute")
      assert.isTrue(WaitStatus.is("Ended")(yield* status(id)))
      assert.isAbove((yield* polledAt).length, before)
    }).pipe(Effect.provide(fiveMinutes)))

  it.effect("lets a cancelled wait be started again after half a minute", () =>
    Effect.gen(function*() {
      const { cancel, forget, status, start } = yield* poller
      const id = yield* start("op-1", { startedAt: at(0) })
      yield* TestClock.adjust("10 seconds")
      yield* after("1 second", cancel(id))
      assert.isTrue(yield* forget(id))
      yield* TestClock.adjust("30 seconds")
      yield* start("op-1", { startedAt: at(0) })
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* status(id), WaitStatus.UnderWay())
    }).pipe(Effect.provide(fiveMinutes)))
})

describe("layer", () => {
  it.effect("works with Effect's TestRunner", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      assert.strictEqual((yield* after("10 minutes", wait("op-1"))).status, "completed")
    }).pipe(
      Effect.provide(DurablePoller.layer.pipe(
        Layer.provide(TestRunner.layer),
        Layer.provide(scripted({ "op-1": lasting("5 minutes") }))
      ))
    ))
})

describe("layerTest", () => {
  it.effect("ends every wait at once, without a clock", () =>
    Effect.gen(function*() {
      const { wait } = yield* poller
      assert.strictEqual((yield* wait("op-1")).status, "completed")
      assert.strictEqual((yield* Effect.flip(wait("op-2")))._tag, "BulkOperationFailed")
      assert.strictEqual((yield* Effect.flip(wait("op-3")))._tag, "CloudflareError")
    }).pipe(Effect.provide(DurablePoller.layerTest({ "op-1": "completed", "op-2": { failed: "full" } }))))
})
