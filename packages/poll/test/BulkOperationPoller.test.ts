import { BulkOperation, CloudflareError, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollOptions, type PollProgress, WaitError } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Fiber, Option, Result, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "./Scripted.ts"

const { badGateway, calls, every, everySecond, inFlight, pollTimes, Poller, timed, timeoutOf, wait, within } = Scripted

describe("wait", () => {
  it.effect("returns the operation once it has completed", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait({ schedule: everySecond }))
      assert.isTrue(Exit.isSuccess(exit) && exit.value.status === "completed")
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 2000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["pending", "running", "completed"] }))))

  it.effect("fails with Cloudflare's text if the operation failed", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(wait())
      assert.propertyVal(Scripted.failure(exit), "message", "Bulk operation op failed: This list is full")
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", BulkOperationsTest.failed("This list is full")] }))))

  it.effect("times out with everything that is needed to wait again", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const startedAt = DateTime.makeUnsafe(3_500_000)
      const [exit] = yield* within(
        wait({ accountId: "mine", startedAt, schedule: everySecond, timeout: "3500 millis" })
      )
      const error = timeoutOf(exit)
      assert.deepStrictEqual(
        [error.operationId, error.accountId, error.polls, error.endedBy],
        ["op", "mine", 5, "timeout"]
      )
      assert.deepStrictEqual(error.startedAt, startedAt)
      assert.deepStrictEqual([error.timeout, error.elapsed], [Duration.millis(3500), Duration.millis(3500)])
      assert.deepStrictEqual(Option.map(error.last, ({ status }) => status), Option.some("running"))
      assert.deepStrictEqual(error.lastError, Option.none())
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("times out with its own start if startedAt was not given", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const [exit] = yield* within(wait({ timeout: "1 second" }))
      assert.deepStrictEqual(timeoutOf(exit).startedAt, DateTime.makeUnsafe(3_600_000))
      assert.strictEqual(timeoutOf(exit).accountId, "account")
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

describe("changes", () => {
  it.effect("emits the current status and each change once, a failed operation included", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(Effect.flatMap(Poller, (poller) => Stream.runCollect(poller.changes("op"))))
      const seen = Exit.match(exit, { onSuccess: (all) => all.map(({ status }) => status), onFailure: () => [] })
      assert.deepStrictEqual(seen, ["pending", "running", "failed"])
    }).pipe(Effect.provide(Scripted.layer({ op: ["pending", "pending", "running", "running", "failed"] }))))

  it.effect("fails as a wait does", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(
        Effect.flatMap(Poller, (poller) => Stream.runDrain(poller.changes("op", { timeout: 7 })))
      )
      assert.strictEqual(timeoutOf(exit).operationId, "op")
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

// What a line of it would say: state, polls, elapsed, next poll, deadline, error, throttled.
const line = (progress: PollProgress.PollProgress) => [
  Option.getOrUndefined(Option.map(progress.operation, ({ status }) => status)),
  progress.polls,
  Duration.toMillis(progress.elapsed),
  Option.getOrUndefined(Option.map(progress.nextPollAt, DateTime.toEpochMillis)),
  Option.getOrUndefined(Option.map(progress.deadline, DateTime.toEpochMillis)),
  Option.getOrUndefined(Option.map(progress.transientError, ({ reason }) => reason._tag)),
  progress.isThrottled
]

const progressOf = (options: BulkOperationPoller.WaitOptions) =>
  Effect.flatMap(Poller, (poller) => Stream.runCollect(Stream.map(poller.progress("op", options), line)))

describe("progress", () => {
  it.effect("emits after each poll its result or error, and the time of the next", () =>
    Effect.gen(function*() {
      const transientSchedule = Schedule.spaced("4 seconds")
      const [exit] = yield* within(progressOf({ schedule: everySecond, transientSchedule, timeout: "1 minute" }))
      assert.deepStrictEqual(
        Exit.getSuccess(exit),
        Option.some([
          ["pending", 1, 0, 1000, 60_000, undefined, false],
          ["running", 2, 1000, 2000, 60_000, undefined, false],
          ["running", 3, 2000, 6000, 60_000, "ServerError", false],
          ["running", 4, 6000, 7000, 60_000, undefined, false],
          ["completed", 5, 7000, undefined, 60_000, undefined, false]
        ])
      )
    }).pipe(Effect.provide(Scripted.layer({ op: ["pending", "running", badGateway, "running", "completed"] }))))

  it.effect("counts the elapsed time from its own beginning", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const [exit] = yield* within(progressOf({ schedule: everySecond }))
      const elapsed = Option.map(Exit.getSuccess(exit), (all) => all.map(([, , elapsed]) => elapsed))
      assert.deepStrictEqual(elapsed, Option.some([0, 1000]))
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "completed"] }))))

  it.effect("names the account, and has no deadline without a timeout", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const [own, other] = yield* Effect.forEach([undefined, "other"], (accountId) =>
        Stream.runCollect(poller.progress("op", { accountId, timeout: "Infinity" })))
      assert.deepStrictEqual(
        [own, other].map((all) =>
          all?.map(({ accountId, deadline }) => [accountId, deadline])
        ),
        [
          [[Option.some("account"), Option.none()]],
          [[Option.some("other"), Option.none()]]
        ]
      )
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }))))

  it.effect("names the last poll before the deadline as the next", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Poller.use((poller) =>
          Stream.runCollect(
            Stream.take(poller.progress("op", { schedule: every("1 hour"), timeout: "1 minute" }), 1)
          )
        )
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(line), [[
        "running",
        1,
        0,
        60_000,
        60_000,
        undefined,
        false
      ]])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("has no next poll while the schedule is slow to answer", () =>
    Effect.gen(function*() {
      const slow = everySecond.pipe(
        Schedule.modifyDelay(({ duration }) => Effect.delay(Effect.succeed(duration), "5 seconds"))
      )
      const [exit] = yield* within(progressOf({ schedule: slow, timeout: "Infinity" }))
      assert.deepStrictEqual(
        Exit.getSuccess(exit),
        Option.some([
          ["running", 1, 0, undefined, undefined, undefined, false],
          // A second after the poll, and so at once.
          ["running", 1, 5000, 1000, undefined, undefined, false],
          ["completed", 2, 5001, undefined, undefined, undefined, false]
        ])
      )
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "completed"] }))))

  it.effect("does not report a sent poll as late that takes long", () =>
    Effect.gen(function*() {
      const [exit] = yield* within(progressOf({ schedule: everySecond }))
      assert.deepStrictEqual(Exit.getSuccess(exit)._tag, "Some")
      assert.deepStrictEqual(Option.getOrThrow(Exit.getSuccess(exit)).map((one) => one.at(-1)), [false, false])
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "completed"] }, { latency: "5 seconds" }))))

  it.effect("reports that the next poll is delayed by the request budget", () =>
    Effect.gen(function*() {
      let polls = 0
      const get = Effect.fnUntraced(function*(operationId: string) {
        const { admitted, delayed } = yield* RequestBudget.CurrentClaim
        const id = BulkOperation.OperationId.make(operationId)
        polls += 1
        if (polls === 1) return BulkOperation.Running.make({ id })
        yield* delayed
        yield* Effect.sleep("10 seconds")
        yield* admitted
        return { id, status: "completed", completed: Option.none() } as const
      })
      const [exit] = yield* within(Effect.provide(progressOf({ schedule: everySecond }), Scripted.getting(get)))
      assert.deepStrictEqual(
        Exit.getSuccess(exit),
        Option.some([
          ["running", 1, 0, 1000, 3_600_000, undefined, false],
          ["running", 1, 1250, 1000, 3_600_000, undefined, true],
          ["completed", 2, 11_000, undefined, 3_600_000, undefined, false]
        ])
      )
    }))

  it.effect("emits only the latest progress to a slow reader", () =>
    Effect.gen(function*() {
      const slowly = Effect.flatMap(Poller, (poller) =>
        poller.progress("op", { schedule: everySecond }).pipe(
          Stream.mapEffect((progress) => Effect.delay(Effect.succeed(progress.polls), "1 minute")),
          Stream.runCollect
        ))
      const [exit] = yield* within(slowly)
      const polls = Option.getOrThrow(Exit.getSuccess(exit))
      assert.isBelow(polls.length, 25)
      assert.deepStrictEqual(polls.at(-1), 41)
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("40 seconds") }))))
})

const scripts = {
  slow: BulkOperationsTest.lasting("1 minute"),
  quick: BulkOperationsTest.lasting("1 second"),
  bad: [BulkOperationsTest.failed("no")],
  endless: ["running"]
} as const

describe("waitAll", () => {
  it.effect("returns all operations in the order of the given ids, duplicates included", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const fiber = yield* Effect.forkChild(poller.waitAll(["slow", "quick", "slow"]))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ id }) => String(id)), ["slow", "quick", "slow"])
      assert.deepStrictEqual(yield* poller.waitAll([]), [])
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("takes a string for one id", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const fiber = yield* Effect.forkChild(poller.waitAll("quick"))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ id }) => String(id)), ["quick"])
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("fails as soon as one does, and stops polling the others", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const error = yield* Effect.flip(poller.waitAll(["slow", "bad"]))
      assert.strictEqual(error.operationId, "bad")
      assert.strictEqual(error.reason._tag, "BulkOperationFailed")
      const before = (yield* calls).length
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* calls, before)
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("applies one timeout to all, not to one after the other", () =>
    Effect.gen(function*() {
      const [exit, at] = yield* within(
        Poller.use((poller) => poller.waitAll(["endless", "endless", "slow"], { timeout: "10 seconds" }))
      )
      assert.strictEqual(at, 10_000)
      const { accountId, operationId, reason } = Scripted.failure(exit)
      assert.deepStrictEqual([accountId, operationId, reason._tag], ["account", "endless", "PollTimeout"])
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("accepts options for each operation, and names its account in the error", () =>
    Effect.gen(function*() {
      const [exit, at] = yield* within(Poller.use((poller) =>
        poller.waitAll([
          { operationId: "endless", accountId: "mine", timeout: "5 seconds" },
          "slow"
        ], { timeout: "10 seconds", accountId: "common" })
      ))
      assert.strictEqual(at, 5000)
      const error = Scripted.failure(exit)
      assert.strictEqual(error.accountId, "mine")
      assert.include(error.message, "Bulk operation endless did not end within 5s")
      assert.deepStrictEqual(
        (yield* calls).slice(0, 2).map(({ accountId, operationId }) => [accountId, operationId]),
        [["mine", "endless"], ["common", "slow"]]
      )
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("takes the common option if that of one operation is undefined", () =>
    Effect.gen(function*() {
      const undefinedOptions = {
        accountId: undefined,
        startedAt: undefined,
        schedule: undefined,
        timeout: undefined,
        transientSchedule: undefined,
        tolerance: undefined,
        notFoundGrace: undefined,
        forbiddenGrace: undefined
      }
      const common = {
        accountId: "common",
        startedAt: DateTime.makeUnsafe(0),
        schedule: every("2 seconds"),
        timeout: "1 minute",
        transientSchedule: Schedule.spaced("3 seconds"),
        tolerance: "10 seconds",
        notFoundGrace: "10 seconds",
        forbiddenGrace: "10 seconds"
      } as const
      const ends = Poller.use((poller) =>
        Effect.forEach(
          ["op", "gone", "forbidden"],
          (operationId) => timed(poller.waitAll([{ operationId, ...undefinedOptions }], common)),
          { concurrency: "unbounded" }
        )
      )
      const [exit] = yield* within(ends)
      const all = Option.getOrThrow(Exit.getSuccess(exit))
      // Polls at 2, 4, 7, … and 14 seconds, from when transient errors are tolerated for 10.
      assert.deepStrictEqual(all.map(([, at]) => at), [14_000, 10_000, 10_000])
      assert.isTrue((yield* calls).every(({ accountId }) => accountId === "common"))
      assert.deepStrictEqual(
        (yield* calls).filter(({ operationId }) => operationId === "op").map(({ at }) => DateTime.toEpochMillis(at)),
        [2000, 4000, 7000, 10_000, 13_000, 14_000]
      )
    }).pipe(Effect.provide(Scripted.layer({
      op: ["running", badGateway],
      gone: [Scripted.notFound],
      forbidden: [new CloudflareError.Forbidden(Scripted.call)]
    }))))
})

describe("settle", () => {
  it.effect("takes a string for one id", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const fiber = yield* Effect.forkChild(Stream.runCollect(poller.settle("quick")))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ operationId }) => operationId), ["quick"])
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("emits how each ended, in the order in which they end", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const fiber = yield* Effect.forkChild(Stream.runCollect(poller.settle(["slow", "quick", "bad"])))
      yield* TestClock.adjust("1 hour")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        settled.map(({ operationId, result }) => [operationId, result._tag]),
        [["bad", "Failure"], ["quick", "Success"], ["slow", "Success"]]
      )
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("accepts a stream of ids and targets, which may have options, and fails with its error", () =>
    Effect.gen(function*() {
      const targets = Stream.make<[BulkOperationPoller.Target, BulkOperationPoller.Target]>(
        { operationId: "endless", timeout: "2 seconds", accountId: "mine" },
        "quick"
      ).pipe(Stream.concat(Stream.fromEffect(Effect.delay(Effect.fail("no more ids"), "1 minute"))))
      const seen: Array<BulkOperationPoller.Settled> = []
      const all = Poller.use((poller) =>
        Stream.runForEach(poller.settle(targets, { timeout: "1 hour" }), (one) => Effect.sync(() => seen.push(one)))
      )
      const [exit, at] = yield* within(all)
      assert.deepStrictEqual([Scripted.failure(exit), at], ["no more ids", 60_000])
      assert.deepStrictEqual(
        seen.map(({ accountId, operationId, result }) => [accountId, operationId, result._tag]),
        [["account", "quick", "Success"], ["mine", "endless", "Failure"]]
      )
    }).pipe(Effect.provide(Scripted.layer(scripts))))

  it.effect("runs as many waits at once as concurrency allows", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 10 }, (_, index) => `op-${index}`)
      for (const [concurrency, most] of [[1, 1], [3, 3], ["unbounded", 10], [Infinity, 10], [undefined, 10]] as const) {
        const began = (yield* calls).length
        const fiber = yield* Effect.forkChild(
          Poller.use((poller) =>
            Stream.runDrain(poller.settle(ids, { concurrency, schedule: everySecond, timeout: "5 seconds" }))
          )
        )
        yield* TestClock.adjust("500 millis")
        assert.lengthOf((yield* calls).slice(began), most)
        yield* TestClock.adjust("1 hour")
        yield* Fiber.join(fiber)
        assert.lengthOf(new Set((yield* calls).slice(began).map(({ operationId }) => operationId)), 10)
      }
    }).pipe(Effect.provide(
      Scripted.layer(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`op-${index}`, ["running"]])))
    )))

  it.effect("runs 1,000 waits at once by default", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 1100 }, (_, index) => `op-${index}`)
      const layer = Scripted.unlimited(Object.fromEntries(ids.map((id) => [id, ["running"]])))
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Poller.use((poller) => Stream.runDrain(poller.settle(ids))))
        yield* Effect.repeat(TestClock.adjust(1), { times: 30 })
        assert.lengthOf(new Set((yield* calls).map(({ operationId }) => operationId)), 1000)
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(layer))
    }))

  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    it.effect(`dies of an invalid concurrency: ${concurrency}`, () =>
      Effect.gen(function*() {
        const settled = Poller.use((poller) => Stream.runDrain(poller.settle(["quick", "quick"], { concurrency })))
        const fiber = yield* Effect.forkChild(Effect.exit(settled))
        yield* TestClock.adjust("1 hour")
        const exit = fiber.pollUnsafe()
        assert.isDefined(exit)
        assert.include(String(exit), `concurrency is ${concurrency}. It must be a whole number of 1 or more.`)
      }).pipe(Effect.provide(Scripted.layer(scripts))))
  }

  it.effect("pulls an endless iterable only as far as waits begin", () =>
    Effect.gen(function*() {
      let pulled = 0
      function* endless() {
        for (;;) {
          pulled += 1
          yield "quick"
        }
      }
      const first = Poller.use((poller) =>
        Stream.runCollect(Stream.take(poller.settle(endless(), { concurrency: 5 }), 12))
      )
      const [exit] = yield* within(first)
      assert.lengthOf(Option.getOrThrow(Exit.getSuccess(exit)), 12)
      assert.isAtMost(pulled, 12 + 5 + 2)
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(Effect.provide(Scripted.layer(scripts))))
})

describe("layerTest", () => {
  const timeout = new WaitError.PollTimeout({
    operationId: "late",
    accountId: "account",
    startedAt: DateTime.makeUnsafe(0),
    last: Option.none(),
    polls: 3,
    timeout: Duration.seconds(1),
    elapsed: Duration.seconds(1),
    endedBy: "timeout",
    lastError: Option.none()
  })
  const forbidden = new CloudflareError.CloudflareError({ reason: new CloudflareError.Forbidden(Scripted.call) })
  const layer = BulkOperationPoller.layerTest({
    good: "completed",
    bad: { failed: "This list is full" },
    late: timeout,
    refused: forbidden
  })

  it.effect("ends every wait at once as given for its id", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const good = yield* poller.wait("good")
      assert.deepStrictEqual([good.id, good.status, good.completed], [
        "good",
        "completed",
        Option.some(yield* DateTime.now)
      ])
      const bad = yield* Effect.flip(poller.wait("bad"))
      assert.strictEqual(bad.message, "Bulk operation bad failed: This list is full")
      assert.strictEqual(yield* Effect.flip(poller.wait("late")), timeout)
      assert.strictEqual(yield* Effect.flip(poller.wait("refused")), forbidden)
    }).pipe(Effect.provide(layer)))

  it.effect("fails with NotFound for any other id", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const error = yield* Effect.flip(poller.wait("unknown", { accountId: "mine" }))
      assert(error._tag === "CloudflareError")
      assert.strictEqual(error.reason._tag, "NotFound")
      assert.include(error.message, "layerTest has no ending for \"unknown\"")
      assert.strictEqual(error.reason.path, "/accounts/mine/rules/lists/bulk_operations/unknown")
      assert.strictEqual(error.reason.method, "GET")
      assert.deepStrictEqual(error.reason.errors, [])
      const inherited = yield* Effect.flip(poller.wait("constructor"))
      assert.include(inherited.message, "layerTest has no ending for \"constructor\"")
    }).pipe(Effect.provide(layer)))

  it.effect("supports changes, progress, waitAll and settle", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const statuses = yield* Stream.runCollect(Stream.map(poller.changes("bad"), ({ status }) => status))
      assert.deepStrictEqual(statuses, ["failed"])
      const progress = yield* Stream.runCollect(poller.progress("good"))
      assert.deepStrictEqual(progress.map(line), [["completed", 1, 0, undefined, undefined, undefined, false]])
      assert.deepStrictEqual(progress.map(({ accountId, operationId }) => [accountId, operationId]), [[
        Option.some("account"),
        "good"
      ]])
      assert.strictEqual((yield* Effect.flip(poller.waitAll(["good", "bad"]))).operationId, "bad")
      const settled = yield* Stream.runCollect(poller.settle(["good", { operationId: "late" }]))
      assert.deepStrictEqual(settled.map(({ accountId, result }) => [accountId, Result.isSuccess(result)]), [
        ["account", true],
        ["account", false]
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("dies of an ending that there is not, and says which one", () =>
    Effect.gen(function*() {
      const endings: Readonly<Record<string, BulkOperationPoller.TestEnding>> = JSON.parse(`{ "op-1": "complete" }`)
      const wait = Effect.flatMap(Poller, ({ wait }) => Effect.exit(wait("op-1")))
      const exit = yield* Effect.provide(wait, BulkOperationPoller.layerTest(endings))
      assert.include(
        String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
        `layerTest: the ending of "op-1" is "complete". Expected "completed", { failed: "a reason" }`
      )
    }))

  for (
    const [options, message] of [
      [{ timeout: -1 }, "timeout is -1. It must not be negative."],
      [{ expected: 0 }, "expected is 0. It must be longer than zero."],
      [{ startedAt: DateTime.makeUnsafe(-400_000_000_000) }, "more than ten years ago"]
    ] as const
  ) {
    it.effect(`dies of an invalid value as a poller does: ${message}`, () =>
      Effect.gen(function*() {
        const poller = yield* Poller
        const exit = yield* Effect.exit(poller.wait("good", options))
        assert(Exit.isFailure(exit) && Exit.hasDies(exit))
        assert.include(Cause.pretty(exit.cause), message)
      }).pipe(Effect.provide(layer)))
  }

  it.effect("checks PollOptions too", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const exit = yield* Effect.exit(poller.wait("good"))
      assert(Exit.isFailure(exit) && Exit.hasDies(exit))
      assert.include(Cause.pretty(exit.cause), "tolerance is -1")
    }).pipe(Effect.provide(layer), Effect.provideService(PollOptions.PollOptions, { tolerance: -1 })))

  it.effect("warns of an unlikely startedAt as a poller does", () =>
    Effect.gen(function*() {
      const { layer: logger, lines } = Scripted.logging()
      yield* TestClock.setTime(Date.UTC(2026, 5, 1))
      const poller = yield* Poller
      yield* Effect.provide(poller.wait("good", { startedAt: DateTime.makeUnsafe("2026-05-02T00:00:00Z") }), logger)
      assert.lengthOf(lines, 1)
      assert.include(lines[0], "startedAt of bulk operation good is 30d ago")
    }).pipe(Effect.provide(layer)))

  it.effect("has the given account", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const [settled] = yield* Stream.runCollect(poller.settle(["good"]))
      assert.strictEqual(settled?.accountId, "mine")
      const [progress] = yield* Stream.runCollect(poller.progress("good"))
      assert.deepStrictEqual(progress?.accountId, Option.some("mine"))
    }).pipe(Effect.provide(BulkOperationPoller.layerTest({ good: "completed" }, { accountId: "mine" }))))
})
