import { BulkOperations, CloudflareError, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Duration, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Spans from "../Spans.ts"

const get = (operationId: string, accountId?: string) =>
  BulkOperations.BulkOperations.use((operations) => operations.get(operationId, accountId ? { accountId } : undefined))

const calls = BulkOperationsTest.BulkOperationsTest.use(({ calls }) => calls)
const inFlight = BulkOperationsTest.BulkOperationsTest.use(({ inFlight }) => inFlight)

const playing = (
  script: BulkOperationsTest.Script,
  options?: BulkOperationsTest.Options
) => Effect.provide(BulkOperationsTest.layer({ op: script }, options))

const start = DateTime.makeUnsafe(0)
const after = (duration: Duration.Input) => DateTime.addDuration(start, duration)

describe("a script", () => {
  it.effect("answers in order, and repeats its last answer", () =>
    Effect.gen(function*() {
      const statuses = yield* Effect.all([get("op"), get("op"), get("op"), get("op")])
      assert.deepStrictEqual(statuses.map(({ status }) => status), ["pending", "running", "completed", "completed"])
    }).pipe(playing(["pending", "running", "completed"])))

  it.effect("answers pending and running with an id only", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual<unknown>(yield* get("op"), { id: "op", status: "pending" })
      assert.deepStrictEqual<unknown>(yield* get("op"), { id: "op", status: "running" })
    }).pipe(playing(["pending", "running"])))

  it.effect("dates a bare completed or failed at the moment of the call", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("3 seconds")
      const completed = Option.some(after("3 seconds"))
      assert.deepStrictEqual<unknown>(yield* get("op"), { id: "op", status: "completed", completed })
      assert.deepStrictEqual<unknown>(yield* get("op"), {
        id: "op",
        status: "failed",
        completed,
        error: Option.none()
      })
    }).pipe(playing(["completed", "failed"])))

  it.effect("answers a failure with its text", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(BulkOperationsTest.failed("full"), { status: "failed", error: "full" })
      assert.deepStrictEqual<unknown>(yield* get("op"), {
        id: "op",
        status: "failed",
        completed: Option.some(start),
        error: Option.some("full")
      })
    }).pipe(playing([BulkOperationsTest.failed("full")])))

  it.effect("answers an end with its given time", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual<unknown>(yield* get("op"), {
        id: "op",
        status: "completed",
        completed: Option.some(after("1 hour"))
      })
    }).pipe(playing([{ status: "completed", completed: after("1 hour") }])))

  it.effect("fails with the given reason", () => {
    const reason = new CloudflareError.ServerError({ method: "GET", path: "/", status: 503, errors: [] })
    return Effect.gen(function*() {
      const error = yield* Effect.flip(get("op"))
      assert.instanceOf(error, CloudflareError.CloudflareError)
      assert.strictEqual(error.reason, reason)
      assert.strictEqual((yield* get("op")).status, "running")
    }).pipe(playing([reason, "running"]))
  })

  it.effect("passes the number and times of a call to a function, for each operation and account", () => {
    const told: Array<readonly [string, string, number, number, number]> = []
    const script: BulkOperationsTest.Script = ({ accountId, at, attempt, firstAt, operationId }) => {
      told.push([accountId, operationId, DateTime.toEpochMillis(at), DateTime.toEpochMillis(firstAt), attempt])
      return "running"
    }
    return Effect.gen(function*() {
      yield* get("op")
      yield* TestClock.adjust(5)
      yield* get("op")
      yield* get("op", "other")
      assert.deepStrictEqual(told, [
        ["account", "op", 0, 0, 1],
        ["account", "op", 5, 0, 2],
        ["other", "op", 5, 5, 1]
      ])
    }).pipe(playing(script))
  })

  it.effect("has no operation named like a property of every object", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(get("constructor"))).reason._tag, "NotFound")
    }).pipe(playing(["running"])))

  it.effect("may be one function for all operations", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* get("one")).status, "running")
      assert.strictEqual((yield* get("another")).status, "completed")
    }).pipe(
      Effect.provide(BulkOperationsTest.layer(({ operationId }) => operationId === "one" ? "running" : "completed"))
    ))

  it.effect("fails with NotFound for an operation without a script, and names it", () =>
    Effect.gen(function*() {
      const { message, reason } = yield* Effect.flip(get("another"))
      assert.strictEqual(reason._tag, "NotFound")
      assert.strictEqual(reason.method, "GET")
      assert.strictEqual(reason.path, "/accounts/account/rules/lists/bulk_operations/another")
      assert.deepStrictEqual(reason.errors, [])
      assert.include(message, "the test has no script for \"another\"")
    }).pipe(playing(["running"])))

  it.effect("that is empty counts as missing", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Effect.flip(get("op"))).reason._tag, "NotFound")
    }).pipe(playing([])))
})

describe("an answer that there is not", () => {
  it.effect("is a defect that names the operation and the answer", () =>
    Effect.gen(function*() {
      const scripts: Readonly<Record<string, BulkOperationsTest.Script>> = JSON.parse(`{ "op-1": ["complete"] }`)
      const get = Effect.flatMap(BulkOperations.BulkOperations, ({ get }) => Effect.exit(get("op-1")))
      const exit = yield* Effect.provide(get, BulkOperationsTest.layer(scripts))
      assert.include(
        String(Exit.isFailure(exit) && Cause.squash(exit.cause)),
        `BulkOperationsTest: an answer for "op-1" is "complete". Expected a status, "hang"`
      )
    }))
})

describe("lasting", () => {
  it.effect("runs for the given time from its first call, and completes at its exact end", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* get("op")).status, "running")
      yield* TestClock.adjust(4999)
      assert.strictEqual((yield* get("op")).status, "running")
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* get("op")).status, "completed")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual<unknown>(yield* get("op"), {
        id: "op",
        status: "completed",
        completed: Option.some(after("15 seconds"))
      })
    }).pipe(playing(BulkOperationsTest.lasting("5 seconds"))))
})

describe("the record", () => {
  it.effect("contains every call in order, and does not change after it was taken", () =>
    Effect.gen(function*() {
      yield* get("op")
      const before = yield* calls
      yield* TestClock.adjust(7)
      yield* Effect.ignore(get("another", "acc"))
      assert.lengthOf(before, 1)
      assert.deepStrictEqual(yield* calls, [
        { operationId: "op", accountId: "account", at: start, firstAt: start, attempt: 1 },
        { operationId: "another", accountId: "acc", at: after(7), firstAt: after(7), attempt: 1 }
      ])
    }).pipe(playing(["running"])))

  it.effect("counts the calls in flight", () =>
    Effect.gen(function*() {
      const one = yield* Effect.forkChild(get("op"), { startImmediately: true })
      assert.strictEqual(yield* inFlight, 1)
      yield* TestClock.adjust(1999)
      assert.isUndefined(one.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(one)).status, "running")
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(playing(["running"], { latency: "2 seconds" })))

  it.effect("counts a hanging call until it is interrupted", () =>
    Effect.gen(function*() {
      const hanging = yield* Effect.forkChild(get("op"), { startImmediately: true })
      yield* TestClock.adjust("1 day")
      assert.isUndefined(hanging.pollUnsafe())
      assert.strictEqual(yield* inFlight, 1)
      yield* Fiber.interrupt(hanging)
      assert.strictEqual(yield* inFlight, 0)
    }).pipe(playing(["hang"])))
})

describe("the default account of calls", () => {
  it.effect.each([[undefined, "account"], ["mine", "mine"]] as const)(
    "with accountId %s is %s",
    ([accountId, expected]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* BulkOperations.BulkOperations).accountId, expected)
        yield* get("op")
        assert.strictEqual((yield* calls)[0]?.accountId, expected)
      }).pipe(playing(["running"], { accountId }))
  )
})

it.effect("a call is a span, like a real one", () => {
  const { spans, tracer } = Spans.record()
  return Effect.gen(function*() {
    yield* Effect.withTracer(get("op"), tracer)
    assert.deepStrictEqual(spans.map(({ name }) => name), ["BulkOperations.get"])
  }).pipe(playing(["running"]))
})

it.effect("calls wait for their turn in a budget, like real ones", () =>
  Effect.gen(function*() {
    yield* get("op")
    const second = yield* Effect.forkChild(get("op"), { startImmediately: true })
    yield* TestClock.adjust(59_000)
    assert.lengthOf(yield* calls, 1)
    yield* TestClock.adjust(1000)
    yield* Fiber.join(second)
    assert.lengthOf(yield* calls, 2)
  }).pipe(
    playing(["running"]),
    Effect.provideService(RequestBudget.CurrentClaim, {
      priority: "poll",
      delayed: Effect.void,
      admitted: Effect.void
    }),
    Effect.provide(RequestBudget.layer({ limit: 1, window: Duration.minutes(1), share: 1 }))
  ))
