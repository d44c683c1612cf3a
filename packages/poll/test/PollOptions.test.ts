import { PollOptions, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { type Config, ConfigProvider, Duration, Effect, Fiber, Layer, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "./Scripted.ts"

const { pollTimes, timed } = Scripted

describe("the defaults", () => {
  it("are a timeout of an hour, a tolerance of ten minutes, no grace, and the unnamed history", () => {
    const { expected, forbiddenGrace, history, notFoundGrace, timeout, tolerance } = PollOptions.defaults
    assert.deepStrictEqual(
      [timeout, tolerance, notFoundGrace, forbiddenGrace].map((duration) =>
        Duration.toMillis(Duration.fromInputUnsafe(duration))
      ),
      [3_600_000, 600_000, 0, 0]
    )
    assert.deepStrictEqual([history, expected], ["", undefined])
  })

  it.effect("retry transient errors after about 1, 2, 4, … and at most 30 seconds", () =>
    Effect.gen(function*() {
      yield* Scripted.within(Scripted.wait())
      const at = yield* pollTimes
      const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0))
      // Jitter moves each by a fifth at most; the last is cut by the tolerance.
      gaps.slice(0, -1).forEach((gap, index) =>
        assert.approximately(gap, Math.min(2 ** index, 25) * 1000, Math.min(2 ** index, 25) * 201)
      )
      assert.isAbove(gaps.length, 20)
      assert.isAtMost(Math.max(...gaps), 30_000)
      assert.isAbove(new Set(gaps).size, 15)
    }).pipe(Effect.provide(Scripted.layer({ op: [Scripted.badGateway] }))))
})

describe("the options of a wait", () => {
  it("are each its own, else from PollOptions, else the default", () => {
    const schedule = PollSchedule.spaced("1 second")
    const transientSchedule = Schedule.spaced("2 seconds")
    const full: PollOptions.Options = {
      schedule,
      transientSchedule,
      timeout: 1,
      tolerance: 2,
      notFoundGrace: 3,
      forbiddenGrace: 4,
      history: "nightly",
      expected: 5
    }
    const none = {
      schedule: undefined,
      transientSchedule: undefined,
      timeout: undefined,
      tolerance: undefined,
      notFoundGrace: undefined,
      forbiddenGrace: undefined,
      history: undefined,
      expected: undefined
    }
    const other = { ...full, ...PollOptions.defaults }
    assert.deepStrictEqual(PollOptions.resolve(full, other), full)
    assert.deepStrictEqual(PollOptions.resolve(none, full), full)
    assert.deepStrictEqual(PollOptions.resolve(undefined, full), full)
    assert.deepStrictEqual(PollOptions.resolve(none, none), PollOptions.defaults)
    assert.deepStrictEqual(PollOptions.resolve({ timeout: 7 }, { timeout: 8, tolerance: 9 }), {
      ...PollOptions.defaults,
      timeout: 7,
      tolerance: 9
    })
  })

  it.effect("can be partly replaced by a layer for an application, and by its options for one wait", () =>
    Effect.gen(function*() {
      const app = Layer.succeed(PollOptions.PollOptions, { timeout: "7 seconds" })
      const ends = yield* Effect.forEach(
        [undefined, { timeout: "9 seconds" }, { timeout: undefined }] as const,
        (options) => Effect.forkChild(timed(Effect.provide(Scripted.wait(options), app)))
      )
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* Effect.forEach(ends, Fiber.join)).map(([, at]) => at), [7000, 9000, 7000])
      // What the layer leaves out is as the defaults have it: a quadratic schedule.
      const [, second = 0, third = 0] = yield* pollTimes
      assert.isAtMost(second, 250)
      assert.isAtMost(third, 1000)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

const optionsFrom = (env: Record<string, string>) =>
  PollOptions.PollOptions.pipe(
    Effect.provide(
      PollOptions.layerConfig.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
    )
  )
const millis = (input: Duration.Input | undefined) =>
  input === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(input))

describe("the environment", () => {
  it.effect("sets the options it names", () =>
    Effect.gen(function*() {
      const options = yield* optionsFrom({
        BULK_OPERATIONS_TIMEOUT: "5 minutes",
        BULK_OPERATIONS_TOLERANCE: "4 minutes",
        BULK_OPERATIONS_NOT_FOUND_GRACE: "3 seconds",
        BULK_OPERATIONS_FORBIDDEN_GRACE: "2 seconds",
        BULK_OPERATIONS_REQUEST_COST: "1 second"
      })
      assert.deepStrictEqual(
        [options.timeout, options.tolerance, options.notFoundGrace, options.forbiddenGrace].map(millis),
        [300_000, 240_000, 3000, 2000]
      )
      const [row] = yield* PollSchedule.explain(options.schedule ?? PollSchedule.quadratic(), ["100 seconds"])
      const [expected] = yield* PollSchedule.explain(PollSchedule.quadratic({ requestCost: "1 second" }), [
        "100 seconds"
      ])
      assert.deepStrictEqual(row, expected)
    }))

  it.effect("leaves everything else at its default", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(PollOptions.resolve(undefined, yield* optionsFrom({})), PollOptions.defaults)
      const options = yield* optionsFrom({ BULK_OPERATIONS_TIMEOUT: "0 millis", BULK_OPERATIONS_TOLERANCE: "Infinity" })
      assert.strictEqual(millis(options.timeout), 0)
      assert.strictEqual(millis(options.tolerance), Infinity)
      assert.strictEqual(options.schedule, PollOptions.defaults.schedule)
    }))

  it.effect("leaves what the program sets, where it says nothing else", () =>
    Effect.gen(function*() {
      const program = Layer.succeed(PollOptions.PollOptions, { timeout: "2 hours", notFoundGrace: "5 seconds" })
      const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { BULK_OPERATIONS_TIMEOUT: "5 minutes" } }))
      const both = PollOptions.layerConfig.pipe(Layer.provide([program, env]))
      const options = yield* Effect.provide(PollOptions.PollOptions, both)
      assert.deepStrictEqual([options.timeout, options.notFoundGrace].map(millis), [300_000, 5000])
    }))

  for (
    const [variable, value, rule] of [
      ["TIMEOUT", "10", "duration"],
      ["TIMEOUT", "-1 seconds", "zero or longer"],
      ["TOLERANCE", "-1 millis", "zero or longer"],
      ["NOT_FOUND_GRACE", "soon", "duration"],
      ["FORBIDDEN_GRACE", "-2 seconds", "zero or longer"],
      ["REQUEST_COST", "0 seconds", "longer than zero"],
      ["REQUEST_COST", "-1 seconds", "longer than zero"]
    ] as const
  ) {
    it.effect(`is a ConfigError that names the variable where ${variable} is ${JSON.stringify(value)}`, () =>
      Effect.gen(function*() {
        const error: Config.ConfigError = yield* Effect.flip(optionsFrom({ [`BULK_OPERATIONS_${variable}`]: value }))
        assert.include(error.message, `BULK_OPERATIONS_${variable} is ${JSON.stringify(value)}. Expected a duration`)
        assert.include(error.message, rule)
      }))
  }
})
