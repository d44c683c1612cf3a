import { CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { WorkflowWait } from "@bulk-operations/durable/cloudflare"
import { BulkOperationPoller, PollOptions, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Fiber, Layer, Option, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Engine from "./Engine.ts"

const { waitIn } = WorkflowWait

const everySecond = PollSchedule.spaced("1 second")

const call = { method: "GET", path: "/accounts/account/rules/lists/bulk_operations/op", errors: [] }
const badGateway = new CloudflareError.ServerError({ ...call, status: 502 })
const rateLimited = new CloudflareError.RateLimited({ ...call, status: 429, retryAfter: Duration.seconds(20) })
const notFound = new CloudflareError.NotFound({ ...call, status: 404 })

const forbidden = new CloudflareError.Forbidden({ ...call, status: 403 })
const everyThree = Schedule.spaced("3 seconds")

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const polls = BulkOperationsTest.BulkOperationsTest.use(({ calls }) =>
  Effect.map(calls, (all) => all.map(({ at }) => DateTime.toEpochMillis(at)))
)

// How a wait for `op` ends within so long, and when it polled.
const outcome = (options?: WorkflowWait.WaitInOptions, duration: Duration.Input = "2 hours") =>
  Engine.withTime(Effect.fnUntraced(function*(pass) {
    const engine = yield* Engine.make
    const { exit } = yield* engine.start((step) => waitIn(step, "op", options))
    yield* pass(duration)
    return { exit: yield* exit, polls: yield* polls, engine }
  }))

type Failure = Effect.Error<ReturnType<typeof waitIn>>

const failure = <A>(exit: Exit.Exit<A, Failure>) => Option.getOrThrow(Exit.findErrorOption(exit))

const timeoutOf = <A>(exit: Exit.Exit<A, Failure>) => {
  const error = failure(exit)
  assert(error._tag === "PollTimeout", error.message)
  return error
}

describe("waitIn", () => {
  it.effect("returns the completed operation, with a step for each poll and each gap", () =>
    Effect.gen(function*() {
      const { engine, exit, polls } = yield* outcome({ schedule: everySecond })
      assert.isTrue(Exit.isSuccess(exit) && exit.value.status === "completed")
      assert.deepStrictEqual(
        Exit.map(exit, ({ completed }) => completed),
        Exit.succeed(Option.some(DateTime.makeUnsafe(2000)))
      )
      assert.deepStrictEqual(polls, [0, 1000, 2000])
      assert.deepStrictEqual(engine.log, [
        "run",
        "op: begin",
        "op: poll 1",
        "op: until poll 2, 1000 ms",
        "op: poll 2",
        "op: until poll 3, 1000 ms",
        "op: poll 3"
      ])
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["pending", "running", "completed"] }))))

  it.effect("fails with Cloudflare's text if the operation failed", () =>
    Effect.gen(function*() {
      const { exit } = yield* outcome()
      assert.propertyVal(failure(exit), "message", "Bulk operation op failed: This list is full")
    }).pipe(
      Effect.provide(BulkOperationsTest.layer({ op: ["running", BulkOperationsTest.failed("This list is full")] }))
    ))

  it.effect("times out with everything that is needed to wait again, after a last poll", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const startedAt = DateTime.makeUnsafe(3_500_000)
      const { exit, polls } = yield* outcome({
        accountId: "mine",
        startedAt,
        schedule: everySecond,
        timeout: "3500 millis"
      })
      const error = timeoutOf(exit)
      assert.deepStrictEqual(polls, [3_600_000, 3_601_010, 3_602_020, 3_603_030, 3_603_450])
      assert.deepStrictEqual(
        [error.operationId, error.accountId, error.polls, error.endedBy],
        ["op", "mine", 5, "timeout"]
      )
      assert.deepStrictEqual(error.startedAt, startedAt)
      assert.deepStrictEqual([error.timeout, error.elapsed], [Duration.millis(3500), Duration.millis(3460)])
      assert.deepStrictEqual(Option.map(error.last, ({ status }) => status), Option.some("running"))
      assert.deepStrictEqual(error.lastError, Option.none())
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }, { latency: 10 }))))
})

const during = (...answers: ReadonlyArray<BulkOperationsTest.Answer>) => BulkOperationsTest.layer({ op: answers })

describe("a wait", () => {
  it.effect("does not end with transient errors, which fail no step", () =>
    Effect.gen(function*() {
      const { engine, exit, polls } = yield* outcome({ schedule: everySecond, transientSchedule: everyThree })
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(polls, [0, 1000, 4000, 7000])
      assert.strictEqual(engine.log.at(-1), "op: poll 4")
    }).pipe(Effect.provide(during("running", badGateway, badGateway, "completed"))))

  it.effect("delays the next poll by Retry-After", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* outcome({ schedule: everySecond })).polls, [0, 20_000])
    }).pipe(Effect.provide(during(rateLimited, "completed"))))

  it.effect("ends with the latest transient error after its tolerance and a last poll", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* outcome({
        schedule: everySecond,
        transientSchedule: everyThree,
        tolerance: "10 seconds"
      })
      assert.deepStrictEqual(polls, [0, 1000, 4000, 7000, 10_000, 11_000])
      assert.deepStrictEqual(failure(exit), new CloudflareError.CloudflareError({ reason: badGateway }))
    }).pipe(Effect.provide(during("running", badGateway))))

  it.effect("has only its last poll left after the end of transientSchedule", () =>
    Effect.gen(function*() {
      const { polls } = yield* outcome({
        transientSchedule: everyThree.pipe(Schedule.upTo({ times: 2 })),
        tolerance: "1 minute"
      })
      assert.deepStrictEqual(polls, [0, 3000, 6000, 60_000])
    }).pipe(Effect.provide(during(badGateway))))

  it.effect("starts transientSchedule anew with each spell of transient errors", () =>
    Effect.gen(function*() {
      const { polls } = yield* outcome({ schedule: everySecond, transientSchedule: Schedule.exponential("2 seconds") })
      assert.deepStrictEqual(polls, [0, 2000, 6000, 7000, 9000])
    }).pipe(Effect.provide(during(badGateway, badGateway, "running", badGateway, "completed"))))

  it.effect("tolerates NotFound for notFoundGrace, and not at all by default", () =>
    Effect.gen(function*() {
      const impatient = yield* outcome()
      assert.propertyVal(failure(impatient.exit), "_tag", "CloudflareError")
      assert.deepStrictEqual(impatient.polls, [0])
      const patient = yield* outcome({ notFoundGrace: "10 seconds", transientSchedule: everyThree })
      assert.isTrue(Exit.isSuccess(patient.exit))
    }).pipe(Effect.provide(during(notFound, notFound, notFound, "completed"))))

  it.effect("ends at once with a permanent error", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* outcome()
      assert.deepStrictEqual(failure(exit), new CloudflareError.CloudflareError({ reason: forbidden }))
      assert.deepStrictEqual(polls, [0])
    }).pipe(Effect.provide(during(forbidden))))
})

const oversleeping = (step: WorkflowWait.WorkflowStep): WorkflowWait.WorkflowStep => ({
  ...step,
  sleep: (name, milliseconds) => step.sleep(name, milliseconds + 60_000)
})

describe("the deadline of a wait", () => {
  it.effect("is not the reason of a timeout if the schedule ended first", () =>
    Effect.gen(function*() {
      const { exit, polls } = yield* outcome({ schedule: everySecond.pipe(Schedule.upTo({ times: 2 })) })
      assert.deepStrictEqual(polls, [0, 1000, 2000])
      assert.strictEqual(timeoutOf(exit).endedBy, "schedule")
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))

  it.effect("interrupts a poll that hangs there, and counts it", () =>
    Effect.gen(function*() {
      const { exit } = yield* outcome({ schedule: everySecond, timeout: "10 seconds" })
      const error = timeoutOf(exit)
      assert.deepStrictEqual([error.polls, error.elapsed], [2, Duration.seconds(10)])
      assert.strictEqual(yield* BulkOperationsTest.BulkOperationsTest.use(({ inFlight }) => inFlight), 0)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running", "hang"] }))))

  it.effect("is followed by one more poll if the instance woke too late for its last one", () =>
    Effect.gen(function*() {
      const late = yield* Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        const { exit } = yield* engine.start((step) =>
          waitIn(oversleeping(step), "op", { schedule: PollSchedule.spaced("8 seconds"), timeout: "10 seconds" })
        )
        yield* pass("2 hours")
        return { exit: yield* exit, polls: yield* polls }
      }))
      assert.deepStrictEqual(late.polls, [0, 68_000])
      assert.isTrue(Exit.isSuccess(late.exit))
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running", "completed"] }))))

  it.effect("is preceded by a poll even if it passes at once, or before the first gap", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* outcome({ timeout: 0 })).polls, [0])
      const startedAt = yield* DateTime.now
      const { exit, polls } = yield* outcome({
        startedAt,
        schedule: PollSchedule.spaced("1 hour"),
        timeout: "1 minute"
      })
      assert.deepStrictEqual(polls.slice(1), [7_259_000, 7_260_000])
      assert.strictEqual(timeoutOf(exit).polls, 2)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))

  it.effect("does not exist with an infinite timeout", () =>
    Effect.gen(function*() {
      const { exit } = yield* outcome({ timeout: "Infinity", schedule: PollSchedule.spaced("1 day") }, "30 days")
      assert.isTrue(Exit.isSuccess(exit))
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: BulkOperationsTest.lasting("20 days") }))))

  it.effect("can be reached with sleeps of a year at most, as Cloudflare allows", () =>
    Effect.gen(function*() {
      const { engine } = yield* Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        yield* engine.start((step) =>
          waitIn(step, "op", { timeout: "Infinity", schedule: PollSchedule.spaced("800 days") })
        )
        yield* pass("1 day")
        return { engine }
      }))
      assert.strictEqual(engine.log.at(-1), `op: until poll 2, ${365 * 86_400_000} ms`)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))
})

describe("a wait that is interrupted and resumed", () => {
  const lasting = BulkOperationsTest.layer({ op: BulkOperationsTest.lasting("7 minutes") }, { latency: 300 })

  it.effect.prop(
    "repeats the same steps, but no poll that was answered",
    {
      cuts: Schema.Array(between(1, 90_000)).check(
        Schema.isMaxLength(6)
      )
    },
    ({ cuts }) =>
      Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        const { cutOff, exit } = yield* engine.start((step) => waitIn(step, "op"))
        for (const after of cuts) {
          yield* pass(after)
          yield* cutOff
        }
        yield* pass("1 hour")
        assert.isTrue(Exit.isSuccess(yield* exit))
        const lives = engine.log.join().split("run,").slice(1).map((life) => life.split(","))
        const whole = lives.at(-1) ?? []
        for (const life of lives) {
          assert.deepStrictEqual(life.filter(Boolean), whole.slice(0, life.filter(Boolean).length))
        }
        const answered = whole.filter((name) => name.includes("poll") && !name.includes("until")).length
        const made = (yield* polls).length
        // Each cut may have met a poll under way.
        assert.isAtLeast(made, answered)
        assert.isAtMost(made, answered + cuts.length)
      })).pipe(Effect.provide(Layer.fresh(lasting))),
    { arbitrary: { runs: 20 }, timeout: 60_000 }
  )

  it.effect("keeps its deadline even if the options have changed", () =>
    Effect.gen(function*() {
      const error = yield* Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        let timeout: Duration.Input = "5 minutes"
        const { cutOff, exit } = yield* engine.start((step) => waitIn(step, "op", { timeout }))
        yield* pass("1 minute")
        timeout = "2 minutes"
        yield* cutOff
        yield* pass("1 hour")
        return timeoutOf(yield* exit)
      }))
      assert.deepStrictEqual(error.timeout, Duration.minutes(5))
      assert.isAbove(Duration.toMillis(error.elapsed), 290_000)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))

  it.effect("dies of a journal written by another release", () =>
    Effect.gen(function*() {
      const exit = yield* Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        engine.kept.set("op: begin", { pollIn: 0, wait: { version: 2 } })
        const { exit } = yield* engine.start((step) => waitIn(step, "op"))
        yield* pass("1 minute")
        return yield* exit
      }))
      assert.isTrue(Exit.hasDies(exit))
      assert.include(String(exit), "version")
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))
})

describe("the steps that Cloudflare stores", () => {
  it.effect("contain JSON, including a transient error", () =>
    Effect.gen(function*() {
      const { engine } = yield* outcome({ schedule: everySecond, timeout: "Infinity" })
      for (const entry of engine.kept.values()) assert.deepStrictEqual(JSON.parse(JSON.stringify(entry)), entry)
      assert.include(JSON.stringify(engine.kept.get("op: poll 1")), "ServerError")
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: [badGateway, "completed"] }))))

  it.effect("are 1,024 in 3 days by default, sleeps not counted", () =>
    Effect.gen(function*() {
      const engine = yield* Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        yield* engine.start((step) => waitIn(step, "op", { timeout: "Infinity" }))
        yield* pass("73 hours")
        return engine
      }))
      const counted = engine.kept.size
      assert.isAtLeast(counted, 1024)
      assert.isAtMost(counted, 1028)
      // If they were counted: 18 hours.
      const after18Hours = (yield* polls).filter((at) => at <= 18.2 * 3_600_000).length
      assert.isAtLeast(after18Hours, 511)
      assert.isAtMost(after18Hours, 513)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))

  it.effect("have valid names, whatever the id", () =>
    Effect.gen(function*() {
      const id = `a\u0007${"b".repeat(300)}`
      const engine = yield* Engine.withTime(Effect.fnUntraced(function*(pass) {
        const engine = yield* Engine.make
        yield* engine.start((step) => waitIn(step, id))
        yield* pass("1 minute")
        return engine
      }))
      for (const name of engine.kept.keys()) assert.match(name, /^[^\p{C}]{1,256}$/u)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))

  it.effect("let an error of Cloudflare's engine pass through unchanged", () =>
    Effect.gen(function*() {
      const full = new Error("The limit of 1024 steps has been reached")
      const step: WorkflowWait.WorkflowStep = { do: () => Promise.reject(full), sleep: () => Promise.resolve() }
      const exit = yield* Effect.exit(waitIn(step, "op"))
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === full)
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))
})

describe("options", () => {
  it.effect("are those of the application by default", () =>
    Effect.gen(function*() {
      const provided = { schedule: PollSchedule.spaced("5 seconds"), timeout: Duration.seconds(12) }
      const { exit, polls } = yield* Effect.provideService(outcome(), PollOptions.PollOptions, provided)
      assert.deepStrictEqual(polls, [0, 5000, 10_000, 12_000])
      assert.deepStrictEqual(timeoutOf(exit).timeout, Duration.seconds(12))
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["running"] }))))

  it.effect("include the account that is polled", () =>
    Effect.gen(function*() {
      yield* outcome({ accountId: "mine" })
      const calls = yield* BulkOperationsTest.BulkOperationsTest.use(({ calls }) => calls)
      assert.deepStrictEqual(calls.map(({ accountId }) => accountId), ["mine"])
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["completed"] }))))

  it.effect("that are invalid are refused before the first step", () =>
    Effect.gen(function*() {
      const step: WorkflowWait.WorkflowStep = { do: () => Promise.reject("a step"), sleep: () => Promise.resolve() }
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      // A program without types passes anything.
      const noDuration: WorkflowWait.WaitInOptions = JSON.parse(`{ "timeout": "soon" }`)
      const wrong: ReadonlyArray<readonly [WorkflowWait.WaitInOptions, string]> = [
        [noDuration, `timeout is "soon"`],
        [{ tolerance: -1 }, "tolerance is -1. It must not be negative"],
        [{ startedAt: DateTime.makeUnsafe(1_764_000_000) }, "made of seconds"]
      ]
      for (const [options, text] of wrong) {
        const exit = yield* Effect.exit(waitIn(step, "op", options))
        assert.include(String(Exit.isFailure(exit) && Cause.squash(exit.cause)), text)
      }
    }).pipe(Effect.provide(BulkOperationsTest.layer({ op: ["completed"] }))))
})

describe("instanceId", () => {
  const { instanceId } = WorkflowWait

  it("is the id of the operation, prefixed by that of a given account", () => {
    assert.strictEqual(instanceId("4da8780eeb215e6cb7f48dd981c4ea02"), "4da8780eeb215e6cb7f48dd981c4ea02")
    const both = instanceId("4da8780eeb215e6cb7f48dd981c4ea02", { accountId: "c".repeat(32) })
    assert.strictEqual(both, `${"c".repeat(32)}__4da8780eeb215e6cb7f48dd981c4ea02`)
  })

  const Part = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(5))

  it.prop("is valid for Cloudflare, for every operation", { operationId: Part }, ({ operationId }) => {
    assert.match(instanceId(operationId), /^[a-zA-Z0-9_][a-zA-Z0-9-_]*$/)
  })

  it.prop(
    "differs between operations, and between accounts",
    { a: Part, b: Part, c: Part, d: Part },
    ({ a, b, c, d }) => {
      const same = a === c && b === d
      assert.strictEqual(instanceId(b, { accountId: a }) === instanceId(d, { accountId: c }), same)
      assert.notStrictEqual(instanceId(a), instanceId(b, { accountId: a }))
    }
  )

  it("refuses an id that would be too long", () => {
    assert.lengthOf(instanceId("x".repeat(100)), 100)
    assert.throws(() => instanceId("x".repeat(101)), RangeError, /101 characters long/)
  })
})

const statusOf = (exit: Exit.Exit<{ readonly status: string }, Failure>) =>
  Exit.match(exit, { onSuccess: ({ status }) => status, onFailure: () => failure(exit)._tag })

const inProcess = (options: BulkOperationPoller.WaitOptions) =>
  Engine.withTime(Effect.fnUntraced(function*(pass) {
    const poller = yield* BulkOperationPoller.BulkOperationPoller
    const fiber = yield* Effect.forkChild(Effect.exit(poller.wait("op", options)))
    yield* pass("2 hours")
    return { exit: yield* Fiber.join(fiber), polls: yield* polls }
  })).pipe(Effect.provide(BulkOperationPoller.layer))

describe("a wait in a Workflow", () => {
  const schedules = {
    "quadratic()": PollSchedule.quadratic(),
    "quadratic({ requestCost: 10 s })": PollSchedule.quadratic({ requestCost: "10 seconds" }),
    "learned()": PollSchedule.learned(),
    "spaced(7 s)": PollSchedule.spaced("7 seconds"),
    "geometric with a cap": PollSchedule.geometric({ start: "1 second", ratio: 1.5, cap: "20 seconds" }),
    "geometric": PollSchedule.geometric({ start: "2 seconds", ratio: 2 }),
    "cloudflareGo": PollSchedule.cloudflareGo
  }
  const names = [
    "quadratic()",
    "quadratic({ requestCost: 10 s })",
    "learned()",
    "spaced(7 s)",
    "geometric with a cap",
    "geometric",
    "cloudflareGo"
  ] as const

  // Whole milliseconds, which is what a Workflow sleeps.
  const transientSchedule = Schedule.exponential("1 second")

  it.effect.prop(
    "polls at the times of a wait in a process, and ends like it, for every schedule of the module",
    {
      name: Schema.Literals(names),
      age: Schema.UndefinedOr(between(-5000, 900_000)),
      duration: between(0, 900_000),
      latency: between(0, 3000),
      down: Schema.Struct({ from: between(0, 300_000), for: between(0, 200_000) })
    },
    ({ age, down, duration, latency, name }) =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 hour")
        const now = yield* DateTime.now
        const operations = BulkOperationsTest.layer(({ at, firstAt }) => {
          const elapsed = DateTime.toEpochMillis(at) - DateTime.toEpochMillis(firstAt)
          if (elapsed >= down.from && elapsed < down.from + down.for) return badGateway
          return elapsed < duration ? "running" : "completed"
        }, { latency })
        const options = {
          schedule: schedules[name],
          transientSchedule,
          tolerance: "1 hour",
          ...(age !== undefined && { startedAt: DateTime.addDuration(now, -age) })
        } as const
        const here = yield* Effect.provide(outcome(options), operations)
        const there = yield* Effect.provide(
          Effect.andThen(TestClock.adjust("1 hour"), inProcess(options)),
          Layer.merge(Layer.fresh(operations), Layer.fresh(TestClock.layer()))
        )
        assert.strictEqual(here.polls.join(), there.polls.join())
        assert.strictEqual(statusOf(here.exit), statusOf(there.exit))
      }),
    { arbitrary: { runs: 40 }, timeout: 60_000 }
  )
})
