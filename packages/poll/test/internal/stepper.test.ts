import { BulkOperation } from "@bulk-operations/core"
import { PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schedule } from "effect"
import * as Stepper from "../../src/internal/stepper.ts"

const running: BulkOperation.BulkOperation = { id: BulkOperation.OperationId.make("op"), status: "running" }

// What a schedule is given at each step.
const recording = (schedule: Schedule.Schedule<unknown, BulkOperation.BulkOperation>) => {
  const inputs: Array<readonly [number, string, string]> = []
  return {
    inputs,
    schedule: Schedule.tap(schedule, ({ input, now }) => Effect.sync(() => inputs.push([now, input.id, input.status])))
  }
}

describe("a started schedule", () => {
  it.effect("returns its gaps in milliseconds, at least one each, and none when it has ended", () =>
    Effect.gen(function*() {
      const step = yield* Stepper.begin(Schedule.spaced("2 seconds").pipe(Schedule.upTo({ times: 1 })), "op")
      assert.strictEqual(yield* step(0, undefined), 2000)
      assert.isUndefined(yield* step(2000, undefined))
      const spinning = yield* Stepper.begin(Schedule.forever, "op")
      assert.strictEqual(yield* spinning(0, undefined), 1)
    }))

  it.effect("draws the same for equal seeds, and other gaps for others", () =>
    Effect.gen(function*() {
      const first = Effect.fnUntraced(function*(seed: string) {
        const step = yield* Stepper.begin(PollSchedule.quadratic({ requestCost: "1 minute" }), seed)
        return yield* step(0, running)
      })
      assert.strictEqual(yield* first("op"), yield* first("op"))
      assert.notStrictEqual(yield* first("op"), yield* first("other"))
    }))
})

describe("catching up", () => {
  it.effect("steps through the gaps that began before now, with a pending operation", () =>
    Effect.gen(function*() {
      const { inputs, schedule } = recording(Schedule.spaced("1 second"))
      const aged = yield* Stepper.catchUp(schedule, "op", { startedAt: 5000, now: 7500 })
      assert.deepStrictEqual([aged.gaps, aged.pollAt], [3, 8000])
      assert.deepStrictEqual(inputs, [[5000, "op", "pending"], [6000, "op", "pending"], [7000, "op", "pending"]])
    }))

  it.effect("takes no further gap if one ends now", () =>
    Effect.gen(function*() {
      const aged = yield* Stepper.catchUp(Schedule.spaced("1 second"), "op", { startedAt: 5000, now: 7000 })
      assert.deepStrictEqual([aged.gaps, aged.pollAt], [2, 7000])
    }))

  it.effect("takes no gap for an operation that starts now or later", () =>
    Effect.gen(function*() {
      for (const startedAt of [7000, 9000]) {
        const aged = yield* Stepper.catchUp(Schedule.spaced("1 second"), "op", { startedAt, now: 7000 })
        assert.deepStrictEqual([aged.gaps, aged.pollAt], [0, 7000])
      }
    }))

  it.effect("steps through the given number of gaps, at times no later than now", () =>
    Effect.gen(function*() {
      const { inputs, schedule } = recording(Schedule.spaced("1 second"))
      const aged = yield* Stepper.catchUp(schedule, "op", { startedAt: 0, now: 1500, gaps: 3 })
      assert.deepStrictEqual([aged.gaps, aged.pollAt], [3, 3000])
      assert.deepStrictEqual(inputs.map(([now]) => now), [0, 1000, 1500])
    }))

  it.effect("ends with the schedule", () =>
    Effect.gen(function*() {
      const twice = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 2 }))
      const aged = yield* Stepper.catchUp(twice, "op", { startedAt: 0, now: 60_000 })
      assert.deepStrictEqual([aged.gaps, aged.pollAt], [2, 2000])
      assert.isUndefined(yield* aged.step(60_000, running))
    }))

  it.effect("ends after 10,000 gaps, however far behind it is", () =>
    Effect.gen(function*() {
      const aged = yield* Stepper.catchUp(Schedule.spaced(1), "op", { startedAt: 0, now: 1_000_000 })
      assert.deepStrictEqual([aged.gaps, aged.pollAt], [10_000, 10_000])
    }))

  it.effect("accepts an invalid id, which is refused when it is sent", () =>
    Effect.gen(function*() {
      const { inputs, schedule } = recording(Schedule.spaced("1 second"))
      yield* Stepper.catchUp(schedule, "..", { startedAt: 0, now: 500 })
      assert.deepStrictEqual(inputs, [[0, "unknown", "pending"]])
    }))
})

const firstPollAt = (
  schedule: PollSchedule.PollSchedule,
  options: { readonly startedAt?: number; readonly now: number; readonly seenAt?: number }
) =>
  Effect.map(
    Stepper.join(schedule, "op", {
      startedAt: options.startedAt,
      now: options.now,
      seen: options.seenAt === undefined ? undefined : { operation: running, at: options.seenAt }
    }),
    ({ firstPollAt }) => firstPollAt
  )
const every = (interval: Duration.Input) => Schedule.spaced(interval)

describe("joining", () => {
  for (
    const [name, options, expected] of [
      ["now, where nothing is known", { now: 100 }, 100],
      ["after the first gap, where it starts now", { startedAt: 100, now: 100 }, 1100],
      ["after a gap from now, where it starts later", { startedAt: 900, now: 100 }, 1100],
      ["when the first gap is over, where it started a moment ago", { startedAt: 100, now: 500 }, 1100],
      ["now, where the first gap is over", { startedAt: 100, now: 1100 }, 1100],
      ["now, where it started long ago", { startedAt: 100, now: 7300 }, 7300],
      ["a gap after it was seen by others, if that is younger", { now: 500, seenAt: 100 }, 1100],
      ["now, where it was seen by others a gap ago", { now: 1100, seenAt: 100 }, 1100],
      ["a gap after it was seen, for an old one as well", { startedAt: 0, now: 7300, seenAt: 7000 }, 8000],
      ["now, for an old one that was seen a gap ago", { startedAt: 0, now: 8500, seenAt: 7000 }, 8500]
    ] as const
  ) {
    it.effect(`polls first ${name}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* firstPollAt(every("1 second"), options), expected)
      }))
  }

  it.effect("polls first now if the schedule has no gap", () =>
    Effect.gen(function*() {
      const none = every("1 second").pipe(Schedule.upTo({ times: 0 }))
      assert.strictEqual(yield* firstPollAt(none, { startedAt: 100, now: 100 }), 100)
      assert.strictEqual(yield* firstPollAt(none, { startedAt: 0, now: 100 }), 100)
      assert.strictEqual(yield* firstPollAt(none, { now: 100, seenAt: 90 }), 100)
    }))

  it.effect("passes the status that others received to the schedule, and continues from there", () =>
    Effect.gen(function*() {
      const { inputs, schedule } = recording(every("1 second"))
      const { step } = yield* Stepper.join(schedule, "op", {
        startedAt: undefined,
        now: 500,
        seen: { operation: running, at: 100 }
      })
      yield* step(1100, running)
      assert.deepStrictEqual(inputs, [[100, "op", "running"], [1100, "op", "running"]])
    }))

  for (const now of [1100, 5000]) {
    it.effect(`starts the schedule anew if the known status is too old: ${now - 100} ms, with gaps of a second`, () =>
      Effect.gen(function*() {
        const { step } = yield* Stepper.join(PollSchedule.cloudflareGo, "op", {
          startedAt: undefined,
          now,
          seen: { operation: running, at: 100 }
        })
        const gaps = yield* Effect.forEach([0, 1000, 2000], (later) => step(now + later, running))
        assert.deepStrictEqual(gaps, [1000, 1000, 2000])
      }))
  }

  it.effect("continues with the gaps for its age", () =>
    Effect.gen(function*() {
      const { step } = yield* Stepper.join(PollSchedule.cloudflareGo, "op", {
        startedAt: 0,
        now: 5000,
        seen: undefined
      })
      // Those of 1, 1, 2 and 2 seconds began before now.
      assert.deepStrictEqual(yield* step(5000, running), 4000)
    }))
})
