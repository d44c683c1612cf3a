import { CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollMetrics } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, DateTime, Duration, Effect, Exit, Fiber, Metric, Stream, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "../Scripted.ts"

const { active, every, everySecond, Poller, rateLimited, wait } = Scripted

interface Total {
  readonly count: number
  readonly sum: number
}

// How many there are since, and their sum to the millisecond: metrics are of the process, and their sums grow inexact.
const added = (after: Total, before: Total | undefined) => [
  after.count - (before?.count ?? 0),
  Math.round(1000 * (after.sum - (before?.sum ?? 0))) / 1000
]

describe("the telemetry of a wait", () => {
  it.effect("is a span with ids, polls, lateness, and an event for each change", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Scripted.tracing()
      const wait = Effect.flatMap(Poller, (poller) => poller.wait("op", { schedule: every("4 seconds") }))
      const fiber = yield* Effect.forkChild(Effect.provideService(wait, Tracer.Tracer, tracer))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const span = spans.find(({ name }) => name === "BulkOperationPoller.wait")
      assert.deepStrictEqual(Object.fromEntries(span?.attributes ?? []), {
        "cloudflare.operation_id": "op",
        "cloudflare.account_id": "account",
        "bulk_operation.polls": 4,
        "bulk_operation.lateness_ms": 2000
      })
      assert.deepStrictEqual(span?.events.map(([name]) => name), ["running", "completed"])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("is also a span for changes, progress and waitAll", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Scripted.tracing()
      const poller = yield* Poller
      for (const stream of [poller.changes("op"), poller.progress("op", { accountId: "other" })]) {
        yield* Effect.provideService(Stream.runDrain<unknown, unknown, never>(stream), Tracer.Tracer, tracer)
      }
      yield* Effect.provideService(poller.waitAll(["op"]), Tracer.Tracer, tracer)
      assert.includeMembers(spans.map(({ name }) => name), [
        "BulkOperationPoller.changes",
        "BulkOperationPoller.progress",
        "BulkOperationPoller.waitAll"
      ])
      const accounts = spans.flatMap(({ attributes }) => attributes.get("cloudflare.account_id") ?? [])
      assert.includeMembers(accounts, ["account", "other"])
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }))))

  it.effect("harms no other wait, whatever a tracer does at the end", () =>
    Effect.gen(function*() {
      const { tracer } = Scripted.tracing((span) => {
        span.attribute = (key) => {
          if (key === "bulk_operation.polls") throw new Error("the tracer broke")
        }
      })
      const poller = yield* Poller
      const wait = Effect.exit(poller.wait("op"))
      const before = yield* active
      const fibers = yield* Effect.forEach([wait, Effect.provideService(wait, Tracer.Tracer, tracer), wait], (wait) =>
        Effect.forkChild(wait))
      yield* TestClock.adjust("1 minute")
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
      assert.isTrue(exits.some(Exit.hasDies))
      assert.strictEqual(yield* active, before)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("leaves no wait in the gauge of active ones, even if interrupted at the moment it ends", () =>
    Effect.gen(function*() {
      const before = yield* active
      const poller = yield* Poller
      const wait = poller.wait("op", { schedule: everySecond })
      const fibers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => index),
        (seconds) => Effect.forkChild(Effect.timeoutOption(wait, seconds * 1000))
      )
      yield* TestClock.adjust("1 minute")
      yield* Effect.forEach(fibers, Fiber.await)
      assert.strictEqual(yield* active, before)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("counts its outcome and measures its duration", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const poller = yield* Poller
      const outcomes = ["completed", "failed", "timeout", "error", "interrupted", "error"]
      const counts = Effect.forEach(
        outcomes,
        (outcome) => Metric.value(Metric.withAttributes(PollMetrics.duration, { outcome }))
      )
      const before = yield* counts
      const lateBefore = yield* Metric.value(PollMetrics.lateness)
      const fibers = yield* Effect.forEach(
        ["completed", "failed", "running", "refused", "running", "dies"],
        (id, index) => Effect.forkChild(poller.wait(id, { timeout: "4 seconds", schedule: every(1000 + index) }))
      )
      yield* TestClock.adjust("2 seconds")
      yield* Effect.forEach(fibers.slice(4, 5), Fiber.interrupt)
      yield* TestClock.adjust("1 minute")
      const after = yield* counts
      assert.deepStrictEqual(
        after.map((one, index) => added(one, before[index])),
        [[1, 3], [1, 0], [1, 4], [2, 0], [1, 2], [2, 0]]
      )
      const late = yield* Metric.value(PollMetrics.lateness)
      // Both ends that were seen: one half a second late, and one at once.
      assert.deepStrictEqual(added(late, lateBefore), [2, 0.5])
    }).pipe(Effect.provide(Scripted.layer({
      completed: BulkOperationsTest.lasting("2500 millis"),
      failed: ["failed"],
      running: ["running"],
      dies: () => {
        throw new Error("the client broke")
      },
      refused: [new CloudflareError.Forbidden(Scripted.call)]
    }))))

  it.effect("counts the outcome of each poll", () =>
    Effect.gen(function*() {
      const counts = Effect.forEach(["running", "RateLimited", "completed"], (outcome) =>
        Metric.value(Metric.withAttributes(PollMetrics.polls, { outcome })))
      const before = yield* counts
      yield* Scripted.within(wait({ schedule: everySecond }))
      const after = yield* counts
      assert.deepStrictEqual(
        after.map((one, index) =>
          one.count - (before[index]?.count ?? 0)
        ),
        [2, 1, 1]
      )
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", rateLimited(), "running", "completed"] }))))

  it.effect("records zero lateness for an operation that ended before the wait began", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const before = yield* Metric.value(PollMetrics.lateness)
      yield* wait()
      const after = yield* Metric.value(PollMetrics.lateness)
      assert.deepStrictEqual(added(after, before), [1, 0])
    }).pipe(Effect.provide(Scripted.layer({ op: [{ status: "completed", completed: DateTime.makeUnsafe(1000) }] }))))

  it.effect("records zero lateness if the end of the operation lies in the future", () =>
    Effect.gen(function*() {
      const before = yield* Metric.value(PollMetrics.lateness)
      yield* wait()
      const after = yield* Metric.value(PollMetrics.lateness)
      assert.deepStrictEqual(added(after, before), [1, 0])
    }).pipe(Effect.provide(Scripted.layer({ op: [{ status: "completed", completed: DateTime.makeUnsafe(60_000) }] }))))

  it.effect("measures lateness by Cloudflare's clock if its Date shows that the clocks differ", () =>
    Effect.gen(function*() {
      // Cloudflare's clock is a minute ahead; the operation ended two seconds before the poll, by that clock.
      yield* TestClock.adjust("1 hour")
      const before = yield* Metric.value(PollMetrics.lateness)
      const run = Effect.flatMap(Poller, (poller) => poller.wait("op", { schedule: every("4 seconds") }))
      const fiber = yield* Effect.forkChild(Effect.provide(run, Scripted.clockAhead))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const after = yield* Metric.value(PollMetrics.lateness)
      assert.strictEqual(after.count - before.count, 1)
      // `Date` counts whole seconds.
      assert.approximately(after.sum - before.sum, 2.5, 0.6)
    }))
})

const diesOf = Effect.fnUntraced(function*(options: BulkOperationPoller.WaitOptions) {
  const began = yield* Clock.currentTimeMillis
  const [exit, at] = yield* Scripted.within(wait(options))
  assert.strictEqual(at, began)
  assert(Exit.isFailure(exit) && Exit.hasDies(exit))
  return Cause.pretty(exit.cause)
})

describe("an invalid value", () => {
  for (
    const [option, value, message] of [
      ["timeout", Number.NaN, "timeout is NaN, which is no duration. Give milliseconds, a Duration, or a text such as"],
      ["timeout", JSON.parse("\"10m\""), "timeout is \"10m\", which is no duration"],
      ["timeout", -1, "timeout is -1. It must not be negative."],
      ["timeout", Duration.seconds(-5), "timeout is -5s. It must not be negative."],
      ["tolerance", "-1 seconds", "tolerance is -1 seconds. It must not be negative."],
      ["notFoundGrace", -7, "notFoundGrace is -7. It must not be negative."],
      ["forbiddenGrace", Number.NaN, "forbiddenGrace is NaN, which is no duration"],
      ["expected", 0, "expected is 0. It must be longer than zero."]
    ] as const
  ) {
    it.effect(`ends the wait at once with a defect: ${option} ${String(value)}`, () =>
      Effect.gen(function*() {
        assert.include(yield* diesOf({ [option]: value }), message)
        assert.deepStrictEqual(yield* Scripted.pollTimes, [])
      }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
  }

  it.effect("includes a startedAt of more than ten years ago, such as seconds taken for milliseconds", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      assert.include(
        yield* diesOf({ startedAt: DateTime.makeUnsafe(1_767_225_600) }),
        "startedAt is 1970-01-21T10:53:45.600Z, more than ten years ago. Was it made of seconds, not milliseconds?"
      )
      assert.deepStrictEqual(yield* Scripted.pollTimes, [])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

describe("an unlikely startedAt", () => {
  const warningsOf = Effect.fnUntraced(function*(startedAt: string) {
    const { layer, lines } = Scripted.logging()
    yield* TestClock.setTime(Date.UTC(2026, 5, 1))
    yield* Effect.provide(wait({ startedAt: DateTime.makeUnsafe(startedAt), timeout: 0 }), layer).pipe(Effect.ignore)
    return lines
  })

  for (
    const [name, startedAt, warning] of [
      ["of a month ago", "2026-05-02T00:00:00Z", "30d ago"],
      ["of a month ahead", "2026-07-01T00:00:00Z", "30d in the future"],
      ["of ten years ago to the day", "2016-06-03T00:00:00Z", "3650d ago"]
    ] as const
  ) {
    it.effect(`is accepted with a warning: one ${name}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* warningsOf(startedAt), [
          `Warn startedAt of bulk operation op is ${warning}, which is unlikely: ` +
          "it decides how often the operation is polled."
        ])
      }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
  }

  for (const startedAt of ["2026-05-02T00:00:01Z", "2026-06-30T23:59:59Z", "2026-06-01T00:00:00Z"]) {
    it.effect(`is not one within a month: ${startedAt}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* warningsOf(startedAt), [])
      }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
  }
})
