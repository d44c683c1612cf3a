import { BulkOperation, CloudflareError, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollHistory, PollMetrics, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, Layer, Metric, References, Schedule, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as Scripted from "../Scripted.ts"

const { active, badGateway, calls, every, inFlight, Poller, rateLimited, wait } = Scripted

// What a poller that is built with a logger warns of while something goes on.
const warningsOf = Effect.fnUntraced(function*<A, E>(
  scripts: Parameters<typeof Scripted.layer>[0],
  run: Effect.Effect<A, E, BulkOperationPoller.BulkOperationPoller>
) {
  const { layer, lines } = Scripted.logging()
  yield* Effect.provide(run, Layer.provide(Scripted.layer(scripts), layer))
  return lines.filter((line) => line.startsWith("Warn"))
})

describe("transient errors that last", () => {
  const everySecond = Schedule.spaced("1 second")

  it.effect("are logged as a warning after 15 seconds, with the error's message", () =>
    Effect.gen(function*() {
      const script = [rateLimited(), ...Array.from({ length: 15 }, () => badGateway), "completed"] as const
      assert.deepStrictEqual(
        yield* warningsOf({ op: script }, Scripted.within(wait({ transientSchedule: everySecond }))),
        [
          "Warn Bulk operation op could not be polled for 15s. Polling goes on. The latest error: " +
          new CloudflareError.CloudflareError({ reason: badGateway }).message
        ]
      )
    }))

  it.effect("are not logged as a warning before", () =>
    Effect.gen(function*() {
      const script = [...Array.from({ length: 15 }, () => badGateway), "completed"] as const
      assert.deepStrictEqual(
        yield* warningsOf({ op: script }, Scripted.within(wait({ transientSchedule: everySecond }))),
        []
      )
    }))

  it.effect("are not logged as a warning if the operation was seen in between", () =>
    Effect.gen(function*() {
      const spell = Array.from({ length: 15 }, () => badGateway)
      assert.deepStrictEqual(
        yield* warningsOf(
          { op: [...spell, "running", ...spell, "completed"] },
          Scripted.within(wait({ schedule: every("1 second"), transientSchedule: everySecond }))
        ),
        []
      )
    }))

  it.effect("are logged as a warning once a minute at most, for all operations together", () =>
    Effect.gen(function*() {
      const options = { transientSchedule: everySecond, tolerance: "160 seconds" } as const
      const run = Effect.flatMap(Poller, (poller) =>
        Scripted.within(Effect.all([
          Effect.exit(poller.wait("a", options)),
          Effect.exit(poller.wait("b", options)),
          Effect.exit(poller.wait("c", options))
        ], { concurrency: "unbounded" })))
      const warnings = yield* warningsOf({ a: [badGateway], b: [badGateway], c: [badGateway] }, run)
      assert.deepStrictEqual(warnings.map((line) => / for (.+?)\. /.exec(line)?.[1]), ["15s", "1m 15s", "2m 15s"])
    }))
})

describe("a wall clock that is set", () => {
  for (const [name, by] of [["back", "-1 hour"], ["forward", "1 hour"]] as const) {
    it.effect(`${name} by an hour changes nothing: neither the polls nor the deadline`, () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 day")
        const { clock, set } = yield* Scripted.settable
        const polls = { count: 0 }
        const counting = Scripted.getting((operationId) =>
          Effect.sync(() => {
            polls.count += 1
            return BulkOperation.Running.make({ id: BulkOperation.OperationId.make(operationId) })
          })
        )
        const run = Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Effect.exit(wait({ timeout: "2 hours" })))
          yield* TestClock.adjust("30 minutes")
          yield* set(by)
          const before = polls.count
          yield* TestClock.adjust("1 hour")
          const during = polls.count - before
          yield* TestClock.adjust("29 minutes")
          assert.isUndefined(fiber.pollUnsafe())
          yield* TestClock.adjust("1 minute")
          assert.isDefined(fiber.pollUnsafe())
          return during
        })
        const during = yield* run.pipe(
          Effect.provide(counting),
          Effect.provideService(Clock.Clock, clock)
        )
        const [long, short] = yield* PollSchedule.explain(PollSchedule.quadratic(), ["90 minutes", "30 minutes"])
        assert.approximately(during, (long?.polls ?? 0) - (short?.polls ?? 0), 2)
      }))
  }
})

describe("a process that was stopped", () => {
  // The operation runs until the process is stopped, and has then ended.
  const stopped = Effect.fnUntraced(function*(
    options: BulkOperationPoller.WaitOptions,
    script: BulkOperationsTest.Script = ["running", "running", "completed"]
  ) {
    const { clock, stop } = yield* Scripted.stoppable
    return yield* Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.exit(wait(options)))
      yield* TestClock.adjust("700 millis")
      yield* stop("8 hours")
      yield* TestClock.adjust("1 minute")
      return [yield* Fiber.join(fiber), yield* calls] as const
    }).pipe(
      Effect.provide(Scripted.layer({ op: script }, { latency: "5 millis" })),
      Effect.provideService(Clock.Clock, clock)
    )
  })

  it.effect("beyond the deadline polls once more, with enough time for the answer", () =>
    Effect.gen(function*() {
      const [exit, polls] = yield* stopped({ schedule: every("500 millis"), timeout: "2 seconds" })
      assert.isTrue(Exit.isSuccess(exit), String(exit))
      assert.lengthOf(polls, 3)
    }))

  it.effect("counts the polls that were sent, and times out after one more", () =>
    Effect.gen(function*() {
      const [exit, polls] = yield* stopped({ schedule: every("500 millis"), timeout: "2 seconds" }, ["running"])
      const error = Scripted.timeoutOf(exit)
      assert.strictEqual(error.polls, 3)
      assert.lengthOf(polls, 3)
      assert.deepStrictEqual(error.timeout, Duration.seconds(2))
      assert.include(error.message, "did not end within 2s (3 polls, last seen running)")
    }))

  it.effect("times out two seconds later if that poll has no answer", () =>
    Effect.gen(function*() {
      const { clock, stop } = yield* Scripted.stoppable
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(
          Effect.exit(wait({ schedule: every("10 seconds"), timeout: "2 seconds" }))
        )
        yield* TestClock.adjust("1 second")
        yield* stop("1 hour")
        yield* TestClock.adjust("2900 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("200 millis")
        assert.strictEqual(Scripted.timeoutOf(yield* Fiber.join(fiber)).polls, 2)
      }).pipe(Effect.provide(Scripted.layer({ op: ["running", "hang"] })), Effect.provideService(Clock.Clock, clock))
    }))

  // The second poll takes its time, and brings what the first one brought.
  const slowly = Effect.fnUntraced(function*(
    script: BulkOperationsTest.Script,
    slow: Duration.Input,
    options: BulkOperationPoller.WaitOptions
  ) {
    const { clock, stop } = yield* Scripted.stoppable
    return yield* Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.exit(wait(options)))
      yield* TestClock.adjust("6 seconds")
      yield* stop("8 hours")
      yield* TestClock.adjust("1 minute")
      return yield* Fiber.join(fiber)
    }).pipe(
      Effect.provide(Scripted.withSecond(Effect.delay(slow), { op: script })),
      Effect.provideService(Clock.Clock, clock)
    )
  })

  it.effect("polls once more even if a poll under way is answered when it continues", () =>
    Effect.gen(function*() {
      const options = { schedule: every("5 seconds"), timeout: "20 seconds" } as const
      const exit = yield* slowly(["running", "running", "completed"], "3 seconds", options)
      assert.isTrue(Exit.isSuccess(exit), String(exit))
    }))

  it.effect("polls once more even if a poll under way stays unanswered", () =>
    Effect.gen(function*() {
      const options = { schedule: every("5 seconds"), timeout: "20 seconds" } as const
      const exit = yield* slowly(["running", "completed"], "1 hour", options)
      assert.isTrue(Exit.isSuccess(exit), String(exit))
    }))

  it.effect("also counts a poll that was given up as lost", () =>
    Effect.gen(function*() {
      const options = { schedule: every("5 seconds"), timeout: "20 seconds" } as const
      assert.strictEqual(Scripted.timeoutOf(yield* slowly(["running", "hang"], "1 hour", options)).polls, 3)
    }))

  it.effect("until a tolerance had passed polls once more, even if a poll under way failed", () =>
    Effect.gen(function*() {
      const options = { transientSchedule: every("5 seconds"), tolerance: "20 seconds", timeout: "1 day" } as const
      const exit = yield* slowly([Scripted.badGateway, Scripted.badGateway, "completed"], "3 seconds", options)
      assert.isTrue(Exit.isSuccess(exit), String(exit))
    }))
})

describe("closing the poller", () => {
  it.effect("interrupts its waits and streams, and refuses new waits", () =>
    Effect.gen(function*() {
      const fibers = yield* Effect.gen(function*() {
        const poller = yield* Poller
        const stubborn = Effect.catchCause(poller.wait("op"), () => poller.wait("op"))
        const all = [poller.wait("op"), Stream.runDrain(poller.changes("op")), stubborn]
        const fibers = yield* Effect.forEach(all, (one) => Effect.forkDetach(Effect.asVoid(one)))
        yield* TestClock.adjust("1 second")
        return fibers
      }).pipe(Effect.provide(Scripted.layer({ op: ["running"] })))
      for (const fiber of fibers) assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }))
})

describe("nothing is left", () => {
  it.effect("of waits interrupted between any two of their steps", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const idle = yield* active
      for (const steps of [2, 3, 4, 5, 6, 7, 8]) {
        for (let turns = 0; turns < 40; turns++) {
          const fiber = yield* poller.wait("op", { schedule: every("1 second") }).pipe(
            Effect.provideService(References.MaxOpsBeforeYield, steps),
            Effect.forkChild
          )
          yield* Effect.repeat(Effect.yieldNow, { times: turns })
          yield* Fiber.interrupt(fiber)
        }
      }
      assert.strictEqual(yield* active, idle)
      yield* TestClock.adjust("1 minute")
      const before = (yield* calls).length
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* calls).length, before)
    }).pipe(Effect.provide(Scripted.unlimited({ op: ["running"] }))))

  it.effect("of 10,000 waits of which half were interrupted", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const idle = yield* active
      const fibers = yield* Effect.forEach(Array.from({ length: 10_000 }, (_, index) => `op-${index % 2000}`), (id) =>
        Effect.forkChild(Effect.exit(poller.wait(id, { timeout: "1 minute" }))))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* active) - idle, 10_000)
      yield* Fiber.interruptAll(fibers.filter((_, index) =>
        index % 2 === 0
      ))
      assert.strictEqual((yield* active) - idle, 5000)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* inFlight, 0)
      assert.strictEqual((yield* active) - idle, 0)
      const before = (yield* calls).length
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* calls, before)
    }).pipe(
      Effect.provide(
        Scripted.unlimited(Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`op-${index}`, ["running"]])))
      )
    ), 120_000)

  it.effect("of 10,000 silent polls that are all cut at the same deadline", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const ids = Array.from({ length: 10_000 }, (_, index) => `op-${index}`)
      const fibers = yield* Effect.forEach(ids, (id) =>
        Effect.forkChild(Effect.flip(poller.wait(id, { timeout: "1 minute" }))))
      yield* TestClock.adjust("1 minute")
      const errors = yield* Effect.forEach(fibers, Fiber.join)
      assert.isTrue(errors.every(({ _tag }) =>
        _tag === "PollTimeout"
      ))
    }).pipe(
      Effect.provide(Layer.provide(Scripted.getting(() => Effect.never), RequestBudget.layer({ limit: Infinity })))
    ), 120_000)

  // A clock that counts the timers that have been set.
  const countingTimers = Effect.gen(function*() {
    const clock = yield* TestClock.testClockWith(Effect.succeed)
    let timers = 0
    const counting: TestClock.TestClock = {
      ...clock,
      sleep: (duration) =>
        Effect.acquireUseRelease(
          Effect.sync(() => timers += 1),
          () => clock.sleep(duration),
          () => Effect.sync(() => timers -= 1)
        )
    }
    return { counting, timers: () => timers }
  })

  it.effect("that keeps the process alive: no timer runs without a wait", () =>
    Effect.gen(function*() {
      const { counting, timers } = yield* countingTimers
      yield* Effect.gen(function*() {
        const poller = yield* Poller
        assert.strictEqual(timers(), 0)
        const left = yield* Effect.forkChild(poller.wait("endless", { schedule: every("1 hour") }))
        const ended = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 second") }))
        yield* TestClock.adjust("1500 millis")
        assert.isAbove(timers(), 0)
        yield* Fiber.interrupt(left)
        assert.isAbove(timers(), 0)
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(ended)).status, "completed")
        assert.strictEqual(timers(), 0)
      }).pipe(
        Effect.provide(Scripted.unlimited({ endless: ["running"], op: ["running", "running", "completed"] })),
        Effect.provideService(Clock.Clock, counting)
      )
    }))

  it.effect("once the poller has closed, though waits were under way", () =>
    Effect.gen(function*() {
      const { counting, timers } = yield* countingTimers
      yield* Effect.gen(function*() {
        const poller = yield* Poller
        yield* Effect.forkDetach(poller.wait("op", { schedule: every("1 hour") }))
        yield* TestClock.adjust("1 second")
        assert.isAbove(timers(), 0)
      }).pipe(
        Effect.provide(Scripted.unlimited({ op: ["running"] })),
        Effect.provideService(Clock.Clock, counting)
      )
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(timers(), 0)
    }))
})

describe("a queue behind the request budget that stays non-empty", () => {
  // The budget lets a poll through every ten seconds.
  const short = Scripted.getting(Effect.fnUntraced(function*(operationId: string) {
    const { admitted, delayed } = yield* RequestBudget.CurrentClaim
    yield* delayed
    yield* Effect.sleep("10 seconds")
    yield* admitted
    return BulkOperation.Running.make({ id: BulkOperation.OperationId.make(operationId) })
  }))
  const overdue = Effect.map(Metric.value(PollMetrics.overdue), ({ value }) => value)

  it.effect("sets the gauge while it lasts, and is logged once if it still grows after a minute", () =>
    Effect.gen(function*() {
      const { layer, lines } = Scripted.logging()
      const before = yield* overdue
      yield* Effect.gen(function*() {
        const poller = yield* Poller
        // A wait every five seconds: the second stands in the queue, which does not empty from then on.
        const fibers = yield* Effect.forEach(
          Array.from({ length: 40 }, (_, index) => index),
          (index) => Effect.forkChild(Effect.delay(poller.wait(`op-${index}`), index * 5000))
        )
        yield* TestClock.adjust("60 seconds")
        assert.approximately((yield* overdue) - before, 55, 0.001)
        assert.deepStrictEqual(lines, [])
        yield* TestClock.adjust("90 seconds")
        assert.approximately((yield* overdue) - before, 145, 0.001)
        assert.lengthOf(lines, 1)
        assert.match(lines[0] ?? "", /^Warn Request budget too small: \d+ polls queued, 0\.1 polls per second/)
        yield* Fiber.interruptAll(fibers)
      }).pipe(Effect.provide(Layer.provide(short, layer)))
      assert.approximately(yield* overdue, before, 0.001)
    }))
})

describe("a clock of Cloudflare's that differs", () => {
  it.effect("does not distort the duration that is learned", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      yield* TestClock.adjust("300 millis")
      const startedAt = yield* DateTime.now
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(wait({ startedAt, schedule: every("4 seconds") }))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        const { operations } = yield* PollHistory.PollHistory.use((histories) =>
          histories.history({ accountId: "account" })
        )
        // `completed` is in whole seconds.
        assert.deepStrictEqual(operations.map(({ from, to }) => [from, to]), [[1700, 2700]])
      }).pipe(Effect.provide(Layer.provideMerge(Scripted.clockAhead, PollHistory.layer)))
    }))

  it.effect("is remembered when an answer has no Date", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const startedAt = yield* DateTime.now
      const cloudflare = Scripted.overHttp(HttpClient.make((request) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          now < 3_602_000
            ? Scripted.answer(request, { id: "op", status: "running" }, { date: new Date(now + 60_000).toUTCString() })
            : Scripted.answer(request, { id: "op", status: "completed", completed: "1970-01-01T01:01:02Z" }))
      ))
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(wait({ startedAt, schedule: every("1500 millis") }))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        const { operations } = yield* PollHistory.PollHistory.use((histories) =>
          histories.history({ accountId: "account" })
        )
        assert.deepStrictEqual(operations.map(({ from, to }) => [from, to]), [[2000, 3000]])
      }).pipe(Effect.provide(Layer.provideMerge(cloudflare, PollHistory.layer)))
    }))
})
