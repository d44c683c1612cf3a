import { BulkOperation, CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Fiber, Option, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "../Scripted.ts"

const {
  badGateway,
  every,
  everySecond,
  pollTimes,
  notFound,
  Poller,
  rateLimited,
  reasonOf,
  timed,
  timeoutOf,
  wait,
  within
} = Scripted

describe("the first poll", () => {
  it.effect("is sent at once, and a terminal status ends the wait without another request", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait())
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(endedAt, 0)
      assert.deepStrictEqual(yield* pollTimes, [0])
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }))))

  it.effect("is sent after the first gap for an operation that was just started", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      yield* within(wait({ startedAt, schedule: every("5 seconds") }))
      assert.deepStrictEqual(yield* pollTimes, [5000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }))))

  it.effect("is sent after the rest of the first gap for an operation that was started a moment ago", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("3 seconds")
      yield* within(wait({ startedAt: DateTime.makeUnsafe(0), schedule: every("5 seconds") }))
      assert.deepStrictEqual(yield* pollTimes, [5000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }))))

  it.effect("is sent after the first gap from now if startedAt is in the future, as clocks differ", () =>
    Effect.gen(function*() {
      yield* within(wait({ startedAt: DateTime.makeUnsafe(20_000), schedule: every("5 seconds") }))
      assert.deepStrictEqual(yield* pollTimes, [5000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }))))

  it.effect("is sent at once for an older operation, which continues with the gaps for its age", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("10 minutes")
      const startedAt = DateTime.makeUnsafe(0)
      yield* within(wait({ startedAt, schedule: PollSchedule.quadratic({ requestCost: "1 second" }) }))
      const [first = 0, second = 0] = yield* pollTimes
      assert.strictEqual(first, 600_000)
      // 2 · √(1 s · 600 s) + 1 s
      assert.approximately(second - first, 49_990, 10)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "completed"] }))))

  it.effect("is sent before a deadline that comes before the end of the first gap", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      const [exit, endedAt] = yield* within(wait({ startedAt, schedule: every("1 minute"), timeout: "10 seconds" }))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(timeoutOf(exit).polls, 1)
      assert.deepStrictEqual(yield* pollTimes, [10_000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("is sent even with a timeout of zero", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({ timeout: 0 }))
      assert.strictEqual(endedAt, 0)
      assert.strictEqual(timeoutOf(exit).polls, 1)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("is also the last if the schedule of an old operation has long ended", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const [exit, endedAt] = yield* within(
        wait({ startedAt: DateTime.makeUnsafe(0), schedule: PollSchedule.cloudflareGo })
      )
      assert.strictEqual(endedAt, 3_600_000)
      assert.strictEqual(timeoutOf(exit).endedBy, "schedule")
      assert.deepStrictEqual(yield* pollTimes, [3_600_000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

describe("transient errors", () => {
  const transientSchedule = Schedule.spaced("3 seconds")

  it.effect("that pass do not end a wait, and the schedule continues where it was", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait({ schedule: everySecond, transientSchedule }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 4000, 7000, 8000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", badGateway, badGateway, "running", "completed"] }))))

  it.effect("that outlast the tolerance end a wait, after a last poll", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({ transientSchedule, tolerance: "10 seconds" }))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(reasonOf(exit)._tag, "ServerError")
      assert.deepStrictEqual(yield* pollTimes, [0, 3000, 6000, 9000, 10_000])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("with Retry-After delay the next poll, and only that one", () =>
    Effect.gen(function*() {
      yield* within(wait({ schedule: everySecond, transientSchedule }))
      assert.deepStrictEqual(yield* pollTimes, [0, 20_000, 23_000, 24_000])
    }).pipe(Effect.provide(Scripted.layer({ op: [rateLimited("20 seconds"), badGateway, "running", "completed"] }))))

  it.effect("with a Retry-After of a day end the wait at its tolerance or deadline", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({ tolerance: "10 minutes" }))
      assert.strictEqual(endedAt, 600_000)
      assert.strictEqual(reasonOf(exit)._tag, "RateLimited")
      const [again, endedAgainAt] = yield* within(wait({ timeout: "5 minutes" }))
      assert.strictEqual(endedAgainAt - 3_600_000, 300_000)
      assert.isTrue(Option.isSome(timeoutOf(again).lastError))
    }).pipe(Effect.provide(Scripted.layer({ op: [rateLimited("1 day")] }))))

  it.effect("start transientSchedule anew with each spell, even if another wait's poll met the first", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const options = { schedule: every("100 seconds"), transientSchedule: Schedule.exponential("1 second") }
      const early = yield* Effect.forkChild(poller.wait("op", options))
      yield* TestClock.adjust("20 seconds")
      // Its own second poll, at 50 s, meets the first error of the second spell.
      const other = yield* Effect.forkChild(
        Effect.exit(poller.wait("op", { schedule: every("43 seconds"), tolerance: 0 }))
      )
      yield* TestClock.adjust("95 seconds")
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 3000, 7000, 50_000, 107_000, 108_000, 110_000, 114_000])
      yield* Fiber.interruptAll([early, other])
    }).pipe(Effect.provide(Scripted.layer({
      op: ({ at }) => {
        const now = DateTime.toEpochMillis(at)
        return now < 5000 || now > 30_000 ? badGateway : "running"
      }
    }))))

  it.effect("end when any poll sees the operation, even one for another wait", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const slow = { schedule: every("20 seconds"), transientSchedule: Schedule.spaced("20 seconds") }
      const early = yield* Effect.forkChild(poller.wait("op", slow))
      yield* TestClock.adjust("1 second")
      const late = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 hour") }))
      yield* TestClock.adjust("30 seconds")
      // Its schedule goes on from the poll at 1 s, not from the error.
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 21_000])
      yield* Fiber.interruptAll([early, late])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway, "running"] }))))

  it.effect("met by another wait do not use up transientSchedule before the second half of its gap", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const once = Schedule.spaced("20 seconds").pipe(Schedule.upTo({ times: 2 }))
      const early = yield* Effect.forkChild(poller.wait("op", { transientSchedule: once }))
      yield* TestClock.adjust("1 second")
      const late = yield* Effect.forkChild(Effect.exit(poller.wait("op", { tolerance: 0 })))
      yield* TestClock.adjust("30 seconds")
      // Its first gap ends at 20 s.
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 20_000])
      yield* Fiber.interruptAll([early, late])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("with Retry-After lengthen a gap, and a poll in its second half counts", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const polled = (at: Duration.Input) =>
        Effect.delay(Effect.exit(Effect.timeout(poller.wait("op", { tolerance: 0 }), 1)), at)
      const sparse = yield* Effect.forkChild(poller.wait("op", { schedule: every("30 seconds") }))
      // Asked at 3 s to wait until 63 s: in the middle of that gap, 20 s is the first half and 40 s the second.
      const others = yield* Effect.forEach(["3 seconds", "20 seconds", "40 seconds"] as const, (at) =>
        Effect.forkChild(polled(at)))
      yield* TestClock.adjust("75 seconds")
      assert.deepStrictEqual(yield* pollTimes, [0, 3000, 20_000, 40_000, 70_000])
      yield* Fiber.interruptAll([sparse, ...others])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", rateLimited("60 seconds"), "running"] }))))

  it.effect("with Retry-After lengthen a gap, but not the next ones", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const sparse = yield* Effect.forkChild(poller.wait("op", { schedule: every("30 seconds") }))
      // Asked at 2 s and at 3 s to wait. By 40 s its own gap has long been over; the next one ends at 70 s.
      const others = yield* Effect.forEach([2, 3, 40, 60], (at) =>
        Effect.forkChild(
          Effect.delay(Effect.exit(Effect.timeout(poller.wait("op", { tolerance: 0 }), 1)), Duration.seconds(at))
        ))
      yield* TestClock.adjust("105 seconds")
      assert.deepStrictEqual(yield* pollTimes, [0, 2000, 3000, 40_000, 60_000, 100_000])
      yield* Fiber.interruptAll([sparse, ...others])
    }).pipe(Effect.provide(
      Scripted.layer({ op: ["running", rateLimited("60 seconds"), rateLimited("60 seconds"), "running"] })
    )))

  it.effect("with Retry-After delay the polls of all waits for the operation", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const sparse = yield* Effect.forkChild(poller.wait("op", { schedule: every("30 seconds") }))
      yield* TestClock.adjust("2 seconds")
      const dense = yield* Effect.forkChild(poller.wait("op", { schedule: every("3 seconds") }))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* pollTimes, [0, 3000])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* pollTimes)[2], 63_000)
      yield* Fiber.interruptAll([sparse, dense])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", rateLimited("60 seconds"), "running"] }))))

  it.effect("after the end of transientSchedule are followed only by a last poll", () =>
    Effect.gen(function*() {
      const once = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 1 }))
      const [exit, endedAt] = yield* within(wait({ transientSchedule: once, tolerance: "10 seconds" }))
      assert.strictEqual(endedAt, 10_000)
      assert.strictEqual(reasonOf(exit)._tag, "ServerError")
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 10_000])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("do not extend the deadline, and the timeout names the latest", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({ transientSchedule, timeout: "7 seconds" }))
      assert.strictEqual(endedAt, 7000)
      assert.isTrue(Option.isSome(timeoutOf(exit).lastError))
      assert.deepStrictEqual(yield* pollTimes, [0, 3000, 6000, 7000])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("that have passed are not named in a timeout", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait({ transientSchedule, timeout: "7 seconds" }))
      assert.isTrue(Option.isNone(timeoutOf(exit).lastError))
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway, "running"] }))))
})

describe("permanent errors", () => {
  for (
    const reasonThatStays of ["Unauthorized", "Forbidden", "InvalidRequest", "UnexpectedResponse", "NotFound"] as const
  ) {
    it.effect(`end a wait at once: ${reasonThatStays}`, () =>
      Effect.gen(function*() {
        const [exit, endedAt] = yield* within(wait())
        assert.strictEqual(endedAt, 0)
        assert.strictEqual(reasonOf(exit)._tag, reasonThatStays)
        assert.deepStrictEqual(yield* pollTimes, [0])
      }).pipe(Effect.provide(Scripted.layer({ op: [new CloudflareError[reasonThatStays](Scripted.call)] }))))
  }

  it.effect("are tolerated for notFoundGrace: NotFound", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(
        wait({ notFoundGrace: "5 seconds", transientSchedule: Schedule.spaced("2 seconds") })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(endedAt, 4000)
    }).pipe(Effect.provide(Scripted.layer({ op: [notFound, notFound, "completed"] }))))

  it.effect("are tolerated for notFoundGrace: NotFound after the operation was seen", () =>
    Effect.gen(function*() {
      const [exit, endedAt] = yield* within(wait({
        notFoundGrace: "30 seconds",
        schedule: every("90 seconds"),
        transientSchedule: Schedule.spaced("2 seconds")
      }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(endedAt, 92_000)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", notFound, "completed"] }))))

  for (const fresh of ["Forbidden", "Unauthorized"] as const) {
    it.effect(`are tolerated for forbiddenGrace: ${fresh} with a new token`, () =>
      Effect.gen(function*() {
        const [exit, endedAt] = yield* within(
          wait({ forbiddenGrace: "10 seconds", transientSchedule: Schedule.spaced("4 seconds") })
        )
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(endedAt, 8000)
      }).pipe(Effect.provide(Scripted.layer({
        op: [new CloudflareError[fresh](Scripted.call), new CloudflareError[fresh](Scripted.call), "completed"]
      }))))

    it.effect(`end a wait after forbiddenGrace and a last poll: ${fresh}`, () =>
      Effect.gen(function*() {
        const [exit, endedAt] = yield* within(
          wait({ forbiddenGrace: "5 seconds", transientSchedule: Schedule.spaced("4 seconds") })
        )
        assert.strictEqual(reasonOf(exit)._tag, fresh)
        assert.strictEqual(endedAt, 5000)
        assert.deepStrictEqual(yield* pollTimes, [0, 4000, 5000])
      }).pipe(Effect.provide(Scripted.layer({ op: [new CloudflareError[fresh](Scripted.call)] }))))
  }
})

describe("each wait has its own", () => {
  it.effect("deadline, tolerance and grace", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const ended = (options: BulkOperationPoller.WaitOptions) => Effect.forkChild(timed(poller.wait("op", options)))
      const deadline = yield* ended({ timeout: "90 seconds" })
      const tolerant = yield* ended({ tolerance: "5 minutes" })
      const intolerant = yield* ended({ tolerance: "1 minute" })
      const strict = yield* ended({ tolerance: 0 })
      yield* TestClock.adjust("1 hour")
      const [deadlineExit, deadlineAt] = yield* Fiber.join(deadline)
      assert.strictEqual(deadlineAt, 90_000)
      assert.isTrue(Option.isSome(timeoutOf(deadlineExit).lastError))
      const others = yield* Effect.forEach([tolerant, intolerant, strict], Fiber.join)
      assert.deepStrictEqual(others.map(([exit, at]) => [reasonOf(exit)._tag, at]), [
        ["ServerError", 300_000],
        ["ServerError", 60_000],
        ["ServerError", 0]
      ])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("tolerance, which counts from when it joined, not from when the errors began", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const patient = yield* Effect.forkChild(poller.wait("op", { tolerance: "1 hour" }))
      yield* TestClock.adjust("10 minutes")
      const late = yield* Effect.forkChild(timed(poller.wait("op", { tolerance: "2 minutes" })))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(late))[1], 720_000)
      yield* Fiber.interrupt(patient)
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("first poll, even if others have just met an error", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const transientSchedule = every("10 seconds")
      const early = yield* Effect.forkChild(poller.wait("op", { notFoundGrace: "1 minute", transientSchedule }))
      yield* TestClock.adjust("5 seconds")
      const late = yield* Effect.forkChild(poller.wait("op", { transientSchedule }))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(early)).status, "completed")
      assert.strictEqual((yield* Fiber.join(late)).status, "completed")
      assert.deepStrictEqual(yield* pollTimes, [0, 5000])
    }).pipe(Effect.provide(Scripted.layer({ op: [notFound, "completed"] }))))

  it.effect("schedule: a slow one does not count as a late poll", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const slow: PollSchedule.PollSchedule = Schedule.fromStep(Effect.never)
      const told = yield* Effect.forkChild(
        poller.progress("op", { schedule: slow }).pipe(Stream.take(1), Stream.runCollect)
      )
      yield* TestClock.adjust("1 second")
      const other = yield* Effect.forkChild(poller.wait("op"))
      yield* TestClock.adjust("1 second")
      const progress = (yield* Fiber.join(told)).map(({ isThrottled, nextPollAt }) => [isThrottled, nextPollAt])
      assert.deepStrictEqual(progress, [[false, Option.none()]])
      yield* Fiber.interrupt(other)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("schedule: one that dies ends no other wait", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const broken = Schedule.forever.pipe(Schedule.modifyDelay(() => Effect.die("broken")))
      const bad = yield* Effect.forkChild(timed(poller.wait("op", { schedule: broken })))
      const good = yield* Effect.forkChild(timed(poller.wait("op", { schedule: everySecond })))
      yield* TestClock.adjust("1 minute")
      const [exit, at] = yield* Fiber.join(bad)
      assert.isTrue(Exit.hasDies(exit))
      assert.isAtMost(at, 1000)
      assert.strictEqual((yield* Fiber.join(good))[1], 3000)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))

  it.effect("schedule: a hanging or slow one does not delay polls of other waits", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const hanging = every("2 seconds").pipe(Schedule.modifyDelay(() => Effect.never))
      const slow = every("2 seconds").pipe(
        Schedule.modifyDelay(({ duration }) => Effect.delay(Effect.succeed(duration), "30 seconds"))
      )
      const fibers = yield* Effect.forEach(
        [{ schedule: hanging, timeout: "2 minutes" }, { schedule: slow }, { schedule: everySecond }] as const,
        (options) => Effect.forkChild(timed(poller.wait("op", options)))
      )
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* Effect.forEach(fibers, Fiber.join)).map(([, at]) => at), [5000, 5000, 5000])
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 2000, 3000, 4000, 5000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("5 seconds") }))))

  it.effect("schedule: one that dies when it starts ends its wait at once", () =>
    Effect.gen(function*() {
      const broken: PollSchedule.PollSchedule = Schedule.fromStep(Effect.die("broken"))
      const [exit, at] = yield* within(wait({ schedule: broken }))
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(at, 0)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("schedule: a slow one is not stepped again meanwhile", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      let steps = 0
      const slow = every("2 seconds").pipe(Schedule.modifyDelay(({ duration }) =>
        Effect.delay(Effect.sync(() => duration), "30 seconds").pipe(Effect.tap(() => Effect.sync(() => steps += 1)))
      ))
      const fibers = yield* Effect.forEach([slow, everySecond], (schedule) =>
        Effect.forkChild(poller.wait("op", { schedule })))
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(steps, 1)
      yield* Fiber.interruptAll(fibers)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("schedule, from its own start, even if another wait has the same schedule value", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const options = { schedule: PollSchedule.cloudflareGo }
      const early = yield* Effect.forkChild(timed(poller.wait("op", options)))
      yield* TestClock.adjust("500 seconds")
      const late = yield* Effect.forkChild(timed(poller.wait("op", options)))
      yield* TestClock.adjust("1 hour")
      // The other's first poll comes in the second half of its last gap, which is not over by that.
      assert.strictEqual((yield* Fiber.join(early))[1], 510_000)
      const [exit, at] = yield* Fiber.join(late)
      assert.strictEqual(timeoutOf(exit).endedBy, "schedule")
      assert.isAtLeast(at, 1_010_000)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("schedule, which polls for others do not use up", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const dense = yield* Effect.forkChild(poller.wait("op", { timeout: "2 hours" }))
      const [exit, at] = yield* within(poller.wait("op", { schedule: PollSchedule.cloudflareGo }))
      assert.strictEqual(timeoutOf(exit).endedBy, "schedule")
      assert.strictEqual(at, 510_000)
      yield* Fiber.interrupt(dense)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("schedule, which is not stepped again once it has ended, even within its last gap", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const once: PollSchedule.PollSchedule = Schedule.fromStep(Effect.sync(() => {
        let steps = 0
        return () => {
          steps += 1
          if (steps === 1) return Effect.succeed([undefined, Duration.seconds(10)])
          return steps === 2 ? Cause.done(undefined) : Effect.die("stepped again")
        }
      }))
      const finite = yield* Effect.forkChild(timed(poller.wait("op", { schedule: once })))
      const other = yield* Effect.forkChild(poller.wait("op", { schedule: every("7 seconds") }))
      yield* TestClock.adjust("1 minute")
      const [exit, at] = yield* Fiber.join(finite)
      assert.strictEqual(timeoutOf(exit).endedBy, "schedule")
      assert.strictEqual(at, 10_000)
      yield* Fiber.interrupt(other)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("count of polls: a lost one counts only for waits that existed when it was sent", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const hanging = (timeout: Duration.Input) => Effect.forkChild(Effect.exit(poller.wait("op", { timeout })))
      const early = yield* hanging("60 seconds")
      yield* TestClock.adjust("20 seconds")
      const late = yield* hanging("30 seconds")
      yield* TestClock.adjust("20 seconds")
      // Whoever comes now takes the poll for lost, and has another one made.
      const last = yield* hanging("30 seconds")
      yield* TestClock.adjust("1 hour")
      const ends = yield* Effect.forEach([early, late, last], Fiber.join)
      assert.deepStrictEqual(ends.map((exit) => timeoutOf(exit).polls), [2, 1, 1])
    }).pipe(Effect.provide(Scripted.layer({ op: ["hang"] }))))

  it.effect("startedAt, even if that of another wait is a day earlier", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* TestClock.adjust("1 day")
      const old = yield* Effect.forkChild(poller.wait("op", { startedAt: DateTime.makeUnsafe(0) }))
      yield* TestClock.adjust(1)
      const startedAt = yield* DateTime.now
      const fresh = yield* Effect.forkChild(timed(poller.wait("op", { startedAt })))
      yield* TestClock.adjust("1 minute")
      const [, at] = yield* Fiber.join(fresh)
      // Within a gap of its own schedule after the end, at 3 s.
      assert.isAtMost(at - 86_400_000, 3000 + 2000)
      yield* Fiber.join(old)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))

  it.effect("last poll, timed by the latency of its own operation, not of another", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const slow = yield* Effect.forkChild(poller.wait("slow", { schedule: every("30 seconds"), timeout: "1 day" }))
      yield* TestClock.adjust("50 seconds")
      const quick = yield* Effect.forkChild(
        timed(poller.wait("op", { schedule: every("1 minute"), timeout: "10 seconds" }))
      )
      yield* TestClock.adjust("1 minute")
      const [exit] = yield* Fiber.join(quick)
      assert.isTrue(Exit.isSuccess(exit))
      yield* Fiber.interrupt(slow)
    }).pipe(Effect.provide(Scripted.getting((operationId) =>
      Effect.gen(function*() {
        yield* Effect.sleep(operationId === "slow" ? "6 seconds" : "50 millis")
        const id = BulkOperation.OperationId.make(operationId)
        const now = yield* DateTime.now
        return operationId === "op" && DateTime.toEpochMillis(now) >= 56_000
          ? { id, status: "completed", completed: Option.some(now) }
          : { id, status: "running" }
      })
    ))))
})

describe("a wait that joins later", () => {
  it.effect("receives the current status at once, without a request, whatever its schedule", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const early = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 minute") }))
      yield* TestClock.adjust("90 seconds")
      for (const schedule of [every("1 minute"), every("2 minutes")]) {
        const told = yield* poller.changes("op", { schedule }).pipe(Stream.take(1), Stream.runCollect)
        assert.deepStrictEqual(told.map(({ status }) => status), ["running"])
      }
      assert.deepStrictEqual(yield* pollTimes, [0, 60_000])
      yield* Fiber.interrupt(early)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("receives each status once", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const early = yield* Effect.forkChild(poller.wait("op", { schedule: every("10 seconds") }))
      yield* TestClock.adjust("12 seconds")
      const told = yield* Effect.forkChild(Stream.runCollect(poller.changes("op", { schedule: every("10 seconds") })))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* Fiber.join(told)).map(({ status }) => status), ["running", "completed"])
      yield* Fiber.join(early)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("55 seconds") }))))

  it.effect("is polled by its own schedule, as the others are, and shares the polls", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const sparse = yield* Effect.forkChild(Effect.exit(poller.wait("op", { schedule: every("10 seconds") })))
      yield* TestClock.adjust("12 seconds")
      // The poll at 10 s is its first: it was there to be told.
      const dense = yield* Effect.forkChild(poller.wait("op", { schedule: every("3 seconds") }))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* pollTimes, [0, 10_000, 13_000, 16_000, 19_000, 22_000])
      yield* Fiber.interrupt(dense)
      yield* TestClock.adjust("30 seconds")
      // The poll at 16 s stood for the one at 20 s. That at 22 s came too early to stand for the one at 30 s.
      assert.deepStrictEqual((yield* pollTimes).slice(6), [30_000, 40_000, 50_000])
      yield* Fiber.interrupt(sparse)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("is polled for at once if its own schedule would have polled already", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const sparse = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 hour") }))
      yield* TestClock.adjust("30 minutes")
      const dense = yield* Effect.forkChild(timed(poller.wait("op", { schedule: everySecond })))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(dense))[1], 1_800_000)
      yield* Fiber.join(sparse)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("10 minutes") }))))

  it.effect("gets a first poll of its own while others wait out a long error", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const patient = { tolerance: "1 day", timeout: "1 day" } as const
      for (
        const [id, options] of [
          ["slow", { ...patient, transientSchedule: Schedule.spaced("1 hour") }],
          ["asked", patient],
          ["gone", { ...patient, notFoundGrace: "1 day", transientSchedule: Schedule.spaced("1 hour") }]
        ] as const
      ) {
        const early = yield* Effect.forkChild(poller.wait(id, options))
        yield* TestClock.adjust("1 minute")
        const joinedAt = yield* DateTime.now
        const [exit, at] = yield* timed(poller.wait(id))
        assert.isTrue(Exit.isSuccess(exit), id)
        assert.strictEqual(at, DateTime.toEpochMillis(joinedAt), id)
        yield* Fiber.join(early)
      }
    }).pipe(Effect.provide(Scripted.layer({
      slow: [badGateway, "completed"],
      asked: [rateLimited("1 hour"), "completed"],
      gone: [notFound, "completed"]
    }))))

  it.effect("during a poll that fails is polled for when its own first gap has passed", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const early = yield* Effect.forkChild(Effect.exit(poller.wait("op", { tolerance: 0 })))
      yield* TestClock.adjust("1 second")
      const startedAt = yield* DateTime.now
      const late = yield* Effect.forkChild(poller.wait("op", { startedAt, schedule: every("10 seconds") }))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.joinAll([early, late])
      assert.deepStrictEqual(yield* pollTimes, [0, 11_000])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway, "completed"] }, { latency: "2 seconds" }))))

  it.effect("during a poll that fails is polled for at once after it", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const early = yield* Effect.forkChild(Effect.exit(poller.wait("op", { tolerance: 0 })))
      yield* TestClock.adjust("1 second")
      const late = yield* Effect.forkChild(timed(poller.wait("op", { tolerance: 0 })))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(reasonOf(yield* Fiber.join(early))._tag, "ServerError")
      const [exit, at] = yield* Fiber.join(late)
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 4000)
      assert.deepStrictEqual(yield* pollTimes, [0, 2000])
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway, "completed"] }, { latency: "2 seconds" }))))
})

describe("a wait started from the end of another", () => {
  it.effect("after the operation completed gets a new poll", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const again = Effect.andThen(poller.wait("op", { schedule: everySecond }), timed(poller.wait("op")))
      const waits = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(again))
      yield* TestClock.adjust("1 minute")
      const ends = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(ends.map(([exit, at]) => [Exit.isSuccess(exit), at]), [
        [true, 1750],
        [true, 1750],
        [true, 1750]
      ])
      // Those who wait again share as well: a second answer was enough.
      assert.deepStrictEqual(yield* pollTimes, [0, 1250, 1500])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "completed"] }, { latency: "250 millis" }))))

  it.effect("after an error gets a new poll, not the same error", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const again = Effect.catchTag(poller.wait("op"), "CloudflareError", () => poller.wait("op"))
      const waits = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(again))
      yield* TestClock.adjust("1 minute")
      const ends = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(ends.map(({ status }) => status), ["completed", "completed", "completed"])
      assert.lengthOf(yield* pollTimes, 2)
    }).pipe(Effect.provide(
      Scripted.layer({ op: [new CloudflareError.Unauthorized(Scripted.call), "completed"] }, { latency: "1 second" })
    )))

  it.effect("after the end of a schedule starts that schedule anew", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const schedule = everySecond.pipe(Schedule.upTo({ times: 2 }))
      const wait = poller.wait("op", { schedule })
      const again = Effect.catchTag(wait, "PollTimeout", () => wait)
      const waits = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(timed(again)))
      yield* TestClock.adjust("1 hour")
      const ends = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(ends.map(([exit, at]) => [Exit.isSuccess(exit), at]), [
        [true, 4000],
        [true, 4000],
        [true, 4000]
      ])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3500 millis") }))))

  it.effect("after the end of a schedule is polled by its schedule while others wait on", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const other = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 hour") }))
      const wait = poller.wait("op", { schedule: everySecond.pipe(Schedule.upTo({ times: 2 })) })
      const again = yield* Effect.forkChild(timed(Effect.catchTag(wait, "PollTimeout", () => wait)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(again))[1], 4000)
      yield* Fiber.join(other)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3500 millis") }))))

  it.effect("after its deadline shares polls with the other waits that do so", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const wait = poller.wait("op", { schedule: everySecond, timeout: "2 seconds" })
      const again = Effect.catchTag(wait, "PollTimeout", () => wait)
      const waits = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(timed(again)))
      yield* TestClock.adjust("1 hour")
      const ends = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(ends.map(([, at]) => at), [3000, 3000, 3000])
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 2000, 2000, 3000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))
})
