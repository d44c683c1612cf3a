import { CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { type BulkOperationPoller, PollMetrics, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Fiber, Metric, Option, Schedule, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "./Scripted.ts"

const { badGateway, calls, inFlight, looks, notFound, Poller, rateLimited, reasonOf, timed, timeoutOf } = Scripted

const every = (interval: Duration.Input) => PollSchedule.spaced(interval)
const everySecond = every("1 second")

describe("waits for the same operation", () => {
  it.effect("a thousand of them, streams included, cost the requests of one", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const oneOf = (index: number): Effect.Effect<unknown, unknown> =>
        index % 2 === 0
          ? poller.wait("op", { schedule: everySecond })
          : Stream.runDrain(poller.changes("op", { schedule: everySecond }))
      const [exit] = yield* Scripted.within(
        Effect.forEach(Array.from({ length: 1000 }, (_, index) => index), oneOf, { concurrency: "unbounded" })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(yield* looks, [0, 1000, 2000, 3000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))

  it.effect("cost as little when each of them writes its schedule anew", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const [exit] = yield* Scripted.within(
        Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          (index) => Effect.delay(poller.wait("op", { schedule: every("10 seconds") }), index),
          { concurrency: "unbounded" }
        )
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(yield* looks, [0, 10_000, 20_000, 30_000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("25 seconds") }))))

  it.effect("share it also where one names the default account and the other does not", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* Scripted.within(
        Effect.all([poller.wait("op"), poller.wait("op", { accountId: "account" })], { concurrency: 2 })
      )
      assert.lengthOf(yield* looks, 1)
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }, { latency: "1 second" }))))

  it.effect("are apart where the accounts differ, whatever is in the ids", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* Scripted.within(
        Effect.all([
          poller.wait("b/op", { accountId: "a" }),
          poller.wait("op", { accountId: "a/b" }),
          poller.wait("op", { accountId: "c" })
        ], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(
        (yield* calls).map(({ accountId, operationId }) => [accountId, operationId]),
        [["a", "b/op"], ["a/b", "op"], ["c", "op"]]
      )
    }).pipe(Effect.provide(Scripted.layer({ "op": ["completed"], "b/op": ["completed"] }, { latency: "1 second" }))))

  it.effect("tell whoever comes late the current status at once, without a request, whatever its schedule", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const early = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 minute") }))
      yield* TestClock.adjust("90 seconds")
      for (const schedule of [every("1 minute"), every("2 minutes")]) {
        const told = yield* poller.changes("op", { schedule }).pipe(Stream.take(1), Stream.runCollect)
        assert.deepStrictEqual(told.map(({ status }) => status), ["running"])
      }
      assert.deepStrictEqual(yield* looks, [0, 60_000])
      yield* Fiber.interrupt(early)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("honour the schedule of each, and share the looks", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const sparse = yield* Effect.forkChild(Effect.exit(poller.wait("op", { schedule: every("10 seconds") })))
      yield* TestClock.adjust("12 seconds")
      // The look at 10 s is its first: it was there to be told.
      const dense = yield* Effect.forkChild(poller.wait("op", { schedule: every("3 seconds") }))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* looks, [0, 10_000, 13_000, 16_000, 19_000, 22_000])
      yield* Fiber.interrupt(dense)
      yield* TestClock.adjust("30 seconds")
      // The poll at 16 s came in the second half of the gap from 10 s, that at 22 s in the one from 16 s.
      assert.deepStrictEqual((yield* looks).slice(6), [32_000, 42_000, 52_000])
      yield* Fiber.interrupt(sparse)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("look at once for whoever comes when its own schedule would have looked before", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const sparse = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 hour") }))
      yield* TestClock.adjust("30 minutes")
      const dense = yield* Effect.forkChild(timed(poller.wait("op", { schedule: everySecond })))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(dense))[1], 1_800_000)
      yield* Fiber.join(sparse)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("10 minutes") }))))

  it.effect("all fail with the trouble that cannot pass", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const [exit] = yield* Scripted.within(Effect.all([
        Effect.exit(poller.wait("op")),
        Effect.exit(Stream.runDrain(poller.changes("op"))),
        Effect.exit(poller.wait("op", { schedule: everySecond }))
      ], { concurrency: "unbounded" }))
      assert(Exit.isSuccess(exit))
      assert.deepStrictEqual(exit.value.map((one) => reasonOf(one)._tag), ["Forbidden", "Forbidden", "Forbidden"])
      assert.lengthOf(yield* looks, 1)
    }).pipe(Effect.provide(
      Scripted.layer({ op: [new CloudflareError.Forbidden(Scripted.call)] }, { latency: "1 second" })
    )))
})

describe("each wait has its own end", () => {
  it.effect("by its deadline, tolerance and notFoundGrace, whatever the others have", () =>
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

  it.effect("and bears trouble from when it came, not from when that began", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const patient = yield* Effect.forkChild(poller.wait("op", { tolerance: "1 hour" }))
      yield* TestClock.adjust("10 minutes")
      const late = yield* Effect.forkChild(timed(poller.wait("op", { tolerance: "2 minutes" })))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(late))[1], 720_000)
      yield* Fiber.interrupt(patient)
    }).pipe(Effect.provide(Scripted.layer({ op: [badGateway] }))))

  it.effect("and takes NotFound from its own looks only", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const transientSchedule = every("10 seconds")
      const early = yield* Effect.forkChild(poller.wait("op", { notFoundGrace: "1 minute", transientSchedule }))
      yield* TestClock.adjust("5 seconds")
      const late = yield* Effect.forkChild(poller.wait("op", { transientSchedule }))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(early)).status, "completed")
      assert.strictEqual((yield* Fiber.join(late)).status, "completed")
      assert.deepStrictEqual(yield* looks, [0, 5000])
    }).pipe(Effect.provide(Scripted.layer({ op: [notFound, "completed"] }))))

  it.effect("and one whose schedule dies takes no other with it", () =>
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
})

describe("who waits again from inside an end", () => {
  it.effect("of an operation that has completed gets a fresh look", () =>
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
      assert.deepStrictEqual(yield* looks, [0, 1250, 1500])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "completed"] }, { latency: "250 millis" }))))

  it.effect("that came from trouble gets a fresh look, not the trouble that ended the others", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const again = Effect.catchTag(poller.wait("op"), "CloudflareError", () => poller.wait("op"))
      const waits = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(again))
      yield* TestClock.adjust("1 minute")
      const ends = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(ends.map(({ status }) => status), ["completed", "completed", "completed"])
      assert.lengthOf(yield* looks, 2)
    }).pipe(Effect.provide(
      Scripted.layer({ op: [new CloudflareError.Unauthorized(Scripted.call), "completed"] }, { latency: "1 second" })
    )))

  it.effect("that its schedule made begins that schedule anew", () =>
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

  it.effect("that its schedule made while others wait on is looked for again by its schedule", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const other = yield* Effect.forkChild(poller.wait("op", { schedule: every("1 hour") }))
      const wait = poller.wait("op", { schedule: everySecond.pipe(Schedule.upTo({ times: 2 })) })
      const again = yield* Effect.forkChild(timed(Effect.catchTag(wait, "PollTimeout", () => wait)))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(again))[1], 4000)
      yield* Fiber.join(other)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3500 millis") }))))

  it.effect("at its deadline shares with the others who do", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const wait = poller.wait("op", { schedule: everySecond, timeout: "2 seconds" })
      const again = Effect.catchTag(wait, "PollTimeout", () => wait)
      const waits = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(timed(again)))
      yield* TestClock.adjust("1 hour")
      const ends = yield* Effect.forEach(waits, Fiber.join)
      assert.deepStrictEqual(ends.map(([, at]) => at), [3000, 3000, 3000])
      assert.deepStrictEqual(yield* looks, [0, 1000, 2000, 2000, 3000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))
})

// Runs from 0 to 60 s, and the API is down from 20 to 40 s and again, for long, from 70 s.
const script = ({ at }: BulkOperationsTest.Call): BulkOperationsTest.Answer => {
  const now = DateTime.toEpochMillis(at) / 1000
  if (now >= 20 && now < 40) return badGateway
  if (now >= 70 && now < 80) return now % 2 < 1 ? badGateway : rateLimited("2 seconds")
  return now < 60 ? "running" : "completed"
}

describe("leaving", () => {
  it.effect("leaves the others alone; with the last one the request is aborted and the looks stop", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const first = yield* Effect.forkChild(poller.wait("op", { schedule: everySecond }))
      const second = yield* Effect.forkChild(poller.wait("op", { schedule: everySecond }))
      const stream = yield* Effect.forkChild(Stream.runDrain(poller.changes("op", { schedule: everySecond })))
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(yield* looks, 2)
      assert.strictEqual(yield* inFlight, 1)
      yield* Fiber.interrupt(second)
      assert.strictEqual(yield* inFlight, 1)
      yield* Fiber.interrupt(stream)
      assert.strictEqual(yield* inFlight, 0)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* looks, 2)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "hang"] }))))

  it.effect("a stream by taking no more of it stops the looks", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* poller.changes("op", { schedule: everySecond }).pipe(Stream.take(1), Stream.runDrain)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* looks, 1)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("while a schedule takes its time stops that as well", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      let steps = 0
      const slow = Schedule.forever.pipe(
        Schedule.modifyDelay(() =>
          Effect.as(Effect.delay(Effect.sync(() => steps++), "10 seconds"), "1 second" as const)
        )
      )
      const fiber = yield* Effect.forkChild(poller.wait("op", { schedule: slow }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(steps, 0)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  // Who waits, from when, how, and when it is interrupted, if it is. Few moments, so that much meets. Seconds.
  const Moment = Schema.Literals([0, 5, 10, 15, 22, 30, 45, 60, 75])
  const Person = Schema.Struct({
    joins: Moment,
    leavesAfter: Schema.NullOr(Moment),
    schedule: Schema.Literals(["dense", "sparse", "default", "two looks"]),
    startedAt: Schema.Boolean,
    streams: Schema.Boolean,
    timeout: Schema.NullOr(Moment),
    tolerance: Schema.Literals([0, 10, 60]),
    again: Schema.Boolean
  })
  type Person = typeof Person.Type
  const schedules = {
    "dense": every("3 seconds"),
    "sparse": every("40 seconds"),
    "default": undefined,
    "two looks": every("5 seconds").pipe(Schedule.upTo({ times: 1 }))
  }

  const live = Effect.fnUntraced(function*({ again, joins, leavesAfter, ...how }: Person) {
    yield* Effect.sleep(Duration.seconds(joins))
    const poller = yield* Poller
    const options = {
      schedule: schedules[how.schedule],
      tolerance: Duration.seconds(how.tolerance),
      timeout: how.timeout === null ? undefined : Duration.seconds(how.timeout),
      startedAt: how.startedAt ? DateTime.makeUnsafe(0) : undefined
    }
    const once: Effect.Effect<string> = Effect.match(
      how.streams ? Stream.runLast(poller.changes("op", options)) : Effect.asSome(poller.wait("op", options)),
      { onSuccess: Option.match({ onNone: () => "nothing", onSome: ({ status }) => status }), onFailure: (e) => e._tag }
    )
    const all = again ? Effect.andThen(once, once) : once
    return yield* timed(
      leavesAfter === null
        ? all
        : Effect.timeoutOrElse(all, { duration: Duration.seconds(leavesAfter), orElse: () => Effect.succeed("left") })
    )
  })

  it.effect.prop(
    "in any order, by interruption or by an end, disturbs no one: whoever stays learns the truth, in time",
    { people: Schema.Array(Person).check(Schema.isMaxLength(12)) },
    ({ people }) =>
      Effect.gen(function*() {
        const fibers = yield* Effect.forEach(people, (person) => Effect.forkChild(live(person)))
        yield* TestClock.adjust("2 hours")
        const ends = yield* Effect.forEach(fibers, Fiber.join)
        people.forEach((person, index) => {
          const [exit, at] = ends[index] ?? assert.fail("no end")
          assert(Exit.isSuccess(exit))
          const joined = person.joins * 1000
          const waits = person.again ? 2 : 1
          // The truth, or what its own schedule, deadline or tolerance allows, and nothing later than they do.
          const possible = new Set(["completed"])
          if (person.leavesAfter !== null) possible.add("left")
          if (person.timeout !== null || person.schedule === "two looks") possible.add("PollTimeout")
          if (person.tolerance < 60) possible.add("CloudflareError")
          assert.include([...possible], exit.value, JSON.stringify(person))
          const longest = Math.min(
            (person.leavesAfter ?? Infinity) * 1000,
            // A deadline of no time leaves a look that is under way a millisecond.
            waits * ((person.timeout ?? Infinity) * 1000 + 1),
            // The operation has ended by 60 s and can be seen from 80 s on; gaps are 40 s at most.
            Math.max(0, 80_000 - joined) + waits * 41_000
          )
          assert.isAtMost(at - joined, longest, JSON.stringify(person))
          if (exit.value === "completed") assert.isAtLeast(at, 60_000)
        })
        const before = (yield* calls).length
        yield* TestClock.adjust("2 hours")
        assert.lengthOf(yield* calls, before)
        assert.strictEqual(yield* inFlight, 0)
      }).pipe(Effect.provide(Scripted.unlimited({ op: script }, { latency: "300 millis" }))),
    { arbitrary: { runs: 300 } }
  )
})

describe("closing the poller", () => {
  it.effect("interrupts its waits and streams, and whoever waits again finds it closed", () =>
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
  it.effect("of 10,000 waits of which half were interrupted", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const active = Effect.map(Metric.value(PollMetrics.active), ({ value }) => value)
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
    ), 30_000)
})
