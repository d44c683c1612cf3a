import { BulkOperation } from "@bulk-operations/core"
import { PollHistory, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Fiber, Option, Pull, Random, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Scripted from "./Scripted.ts"

const running = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("op") })

// When a schedule polls, in milliseconds, up to `end` or `most` polls: it is stepped, nothing is run.
const pollTimes = Effect.fnUntraced(function*(schedule: PollSchedule.PollSchedule, end: number, most = 500) {
  const step = yield* Schedule.toStep(schedule)
  const at = [0]
  for (let now = 0; now < end && at.length < most;) {
    const delay = yield* step(now, running).pipe(
      Effect.map(([, delay]) => Duration.toMillis(delay)),
      Pull.catchDone(() => Effect.succeed(Number.POSITIVE_INFINITY))
    )
    if (delay === Number.POSITIVE_INFINITY) break
    now += delay
    at.push(now)
  }
  return at
})

const gaps = (at: ReadonlyArray<number>) => at.slice(1).map((time, index) => time - (at[index] ?? 0))

const neverShrink = (at: ReadonlyArray<number>) => {
  const all = gaps(at)
  all.forEach((gap, index) => assert.isAtLeast(gap, (all[index - 1] ?? 0) - 1))
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const hour = 3_600_000

describe("quadratic", () => {
  const drawn = { requestCost: between(10, 60_000), seed: between(0, 1_000_000) }

  it.effect.prop("its gaps never shrink", drawn, ({ requestCost, seed }) =>
    Effect.gen(function*() {
      neverShrink(yield* pollTimes(PollSchedule.quadratic({ requestCost }), hour))
    }).pipe(Random.withSeed(seed)))

  it.effect.prop(
    "its k-th poll falls between requestCost · (k - 1)² and requestCost · k²",
    drawn,
    ({ requestCost, seed }) =>
      Effect.gen(function*() {
        const at = yield* pollTimes(PollSchedule.quadratic({ requestCost }), hour, 60)
        // Each poll is rounded to a millisecond.
        at.forEach((time, k) => {
          if (k === 0) return
          assert.isAtLeast(time, requestCost * (k - 1) ** 2 - k)
          assert.isAtMost(time, requestCost * k ** 2 + k)
        })
      }).pipe(Random.withSeed(seed))
  )

  it.effect.prop(
    "its phase never delays the first poll by more than requestCost",
    drawn,
    ({ requestCost, seed }) =>
      Effect.gen(function*() {
        const [, first = 0] = yield* pollTimes(PollSchedule.quadratic({ requestCost }), 1)
        assert.isAbove(first, 0)
        assert.isAtMost(first, requestCost)
      }).pipe(Random.withSeed(seed))
  )

  it.effect("costs at most 1.5 times the best fixed interval known in hindsight, from 1 second to 1 hour", () =>
    Effect.gen(function*() {
      const cost = 250
      // Requests, each worth `cost`, and lateness, both as expected over phases.
      const total = (rows: ReadonlyArray<PollSchedule.Explanation>) =>
        rows.map(({ meanLateness, polls }) => polls * cost + Duration.toMillis(meanLateness))
      for (let duration = 1000; duration <= hour; duration *= 1.7) {
        const [ours = 0] = total(yield* PollSchedule.explain(PollSchedule.quadratic(), [duration]))
        // With a phase of its own, an interval d takes 1.5 + T / d polls and is late by d / 2: the best d is √(2cT).
        const best = 1.5 * cost + Math.sqrt(2 * cost * duration)
        assert.isAtMost(ours, 1.5 * best, `${duration} ms`)
      }
    }))

  it.effect("a late poll does not make the next gaps short", () =>
    Effect.gen(function*() {
      const step = yield* Schedule.toStep(PollSchedule.quadratic({ requestCost: "1 second" }))
      yield* step(0, running)
      const [, gap] = yield* step(100_000, running)
      assert.strictEqual(Duration.toMillis(gap), 21_000)
    }))
})

const withHazard = (hazard: PollHistory.Hazard) =>
  Effect.provideService(PollHistory.CurrentHazard, Effect.succeed(hazard))

// So many operations, one an hour, which took so long.
const historyOf = (count: number, seconds: number) => {
  let history = PollHistory.empty
  for (let hour = 0; hour < count; hour++) {
    const at = (seconds: number) => DateTime.makeUnsafe(3_600_000 * hour + 1000 * seconds)
    const sighting = { startedAt: at(0), completed: at(seconds), seenAt: at(seconds + 2) }
    history = PollHistory.record(history, sighting)
  }
  return history
}

describe("learned", () => {
  it.effect.prop(
    "without a history it is quadratic, gap by gap",
    { requestCost: between(1, 60_000), seed: between(0, 1_000_000) },
    ({ requestCost, seed }) =>
      Effect.gen(function*() {
        const learned = yield* Random.withSeed(pollTimes(PollSchedule.learned({ requestCost }), 24 * hour, 300), seed)
        const quadratic = yield* Random.withSeed(
          pollTimes(PollSchedule.quadratic({ requestCost }), 24 * hour, 300),
          seed
        )
        assert.deepStrictEqual(learned, quadratic)
      })
  )

  it.effect.prop(
    "whatever was observed, its gaps are positive and span at most six of quadratic's",
    {
      durations: Schema.Array(between(0, 200_000)).check(Schema.isMaxLength(40)),
      repeated: between(1, 60),
      requestCost: between(1, 60_000),
      seed: between(0, 1_000_000)
    },
    ({ durations, repeated, requestCost, seed }) =>
      Effect.gen(function*() {
        let history = historyOf(repeated, durations[0] ?? 1)
        for (const seconds of durations) history = PollHistory.merge(history, historyOf(1, seconds))
        const at = yield* pollTimes(PollSchedule.learned({ requestCost }), 24 * hour, 300).pipe(
          withHazard(PollHistory.hazard(history))
        )
        gaps(at).forEach((gap, index) => {
          assert.isAtLeast(gap, 1)
          assert.isAtMost((at[index] ?? 0) + gap, (Math.sqrt(at[index] ?? 0) + 6 * Math.sqrt(requestCost)) ** 2 + 1)
        })
      }).pipe(Random.withSeed(seed))
  )

  it.effect("after operations of 15 seconds, it polls little before and often around", () =>
    Effect.gen(function*() {
      const at = yield* pollTimes(PollSchedule.learned(), 20_000)
      assert.isAtMost(at.filter((poll) => poll > 0 && poll < 13_000).length, 2)
      assert.isAtLeast(at.filter((poll) => poll >= 13_000 && poll <= 18_000).length, 3)
    }).pipe(withHazard(PollHistory.hazard(historyOf(20, 15)))))

  it.effect("counts an age from its first step, and polls by it however late it is stepped", () =>
    Effect.gen(function*() {
      const step = yield* Schedule.toStep(PollSchedule.learned())
      yield* step(1_000_000, running)
      const [, soon] = yield* step(1_014_000, running)
      const [, later] = yield* step(1_060_000, running)
      assert.isBelow(Duration.toMillis(soon), 1500)
      assert.isAbove(Duration.toMillis(later), 5000)
    }).pipe(withHazard(PollHistory.hazard(historyOf(20, 15)))))

  it.effect("polls by what is known when the gap begins", () =>
    Effect.gen(function*() {
      let hazard = PollHistory.hazard(PollHistory.empty)
      const step = yield* Schedule.toStep(PollSchedule.learned()).pipe(
        Effect.provideService(PollHistory.CurrentHazard, Effect.sync(() => hazard))
      )
      const [before] = yield* step(0, running)
      hazard = PollHistory.hazard(historyOf(7, 15))
      const [after] = yield* step(100, running)
      assert.deepStrictEqual([before.operations, after.operations], [0, 7])
    }))

  it.effect("explain says how many operations it has seen, and what that saves", () =>
    Effect.gen(function*() {
      const [knowing] = yield* PollSchedule.explain(PollSchedule.learned(), ["15 seconds"]).pipe(
        withHazard(PollHistory.hazard(historyOf(20, 15)))
      )
      const [ignorant] = yield* PollSchedule.explain(PollSchedule.learned(), ["15 seconds"])
      assert.strictEqual(knowing?.operations, 20)
      assert.strictEqual(ignorant?.operations, 0)
      assert.isBelow(knowing?.polls ?? 99, (ignorant?.polls ?? 0) - 3)
      assert.isTrue(
        Duration.isLessThan(knowing?.meanLateness ?? Duration.infinity, ignorant?.meanLateness ?? Duration.zero)
      )
    }))
})

describe("geometric", () => {
  it.effect.prop(
    "grows by its ratio up to its cap",
    [between(100, 5000), between(1, 4), between(5000, 60_000)],
    ([start, ratio, cap]) =>
      Effect.gen(function*() {
        const at = yield* pollTimes(PollSchedule.geometric({ start, ratio, cap }), hour, 12)
        neverShrink(at)
        gaps(at).forEach((gap, index) => assert.approximately(gap, Math.min(cap, start * ratio ** index), 1))
      })
  )
})

describe("cloudflareGo", () => {
  it.effect("has exactly the gaps of the official Go client, and then ends", () =>
    Effect.gen(function*() {
      const seconds = gaps(yield* pollTimes(PollSchedule.cloudflareGo, hour)).map((gap) => gap / 1000)
      assert.deepStrictEqual(seconds, [1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128])
    }))
})

describe("explain", () => {
  it.effect("counts the polls until the end is detected, and how late that is on average and at worst", () =>
    Effect.gen(function*() {
      const [row] = yield* PollSchedule.explain(PollSchedule.geometric({ start: "1 second", ratio: 2 }), ["10 seconds"])
      // Polls at 0, 1, 3, 7, 15 seconds.
      assert.deepStrictEqual(row, {
        duration: Duration.seconds(10),
        polls: 5,
        meanLateness: Duration.seconds(4),
        worstLateness: Duration.seconds(8),
        operations: 0
      })
    }))

  it.effect("reports that a schedule which ends before the operation never detects its end", () =>
    Effect.gen(function*() {
      const [row] = yield* PollSchedule.explain(PollSchedule.cloudflareGo, ["20 minutes"])
      assert.strictEqual(row?.polls, 17)
      assert.isFalse(Duration.isFinite(row?.meanLateness ?? Duration.zero))
    }))

  it.effect("terminates for a schedule without delays", () =>
    Effect.gen(function*() {
      const [row] = yield* PollSchedule.explain(Schedule.forever, ["100 millis"])
      assert.strictEqual(row?.polls, 101)
    }))

  it.effect("extrapolates from the last gap after enough polls: an hour with one every two milliseconds", () =>
    Effect.gen(function*() {
      const [row] = yield* PollSchedule.explain(PollSchedule.spaced("2 millis"), ["1 hour"])
      assert.strictEqual(row?.polls, 1_800_001)
      assert.deepStrictEqual(row?.worstLateness, Duration.millis(2))
    }))

  it.effect("reports the worst draw of a random schedule", () =>
    Effect.gen(function*() {
      const [row] = yield* PollSchedule.explain(PollSchedule.quadratic(), ["100 seconds"])
      assert(row !== undefined)
      assert.isAbove(Duration.toMillis(row.worstLateness), 2.01 * Duration.toMillis(row.meanLateness))
    }))

  it.effect("does not mistake another schedule's output for that of learned", () =>
    Effect.gen(function*() {
      const schedule = Schedule.map(PollSchedule.spaced("1 second"), () => Effect.succeed({ operations: 7 }))
      const [row] = yield* PollSchedule.explain(schedule, ["10 seconds"])
      assert.strictEqual(row?.operations, 0)
    }))

  it("refuses an invalid duration", () => {
    assert.throws(
      () => PollSchedule.explain(PollSchedule.quadratic(), [-1]),
      "duration is -1. It must not be negative."
    )
  })
})

// What a schedule says of its first three gaps.
const outputs = Effect.fnUntraced(function*<A>(schedule: Schedule.Schedule<A>) {
  const step = yield* Schedule.toStep(schedule)
  return yield* Effect.forEach([0, 1000, 2000], (now) => Effect.map(step(now, undefined), ([output]) => output))
})

describe("the output of", () => {
  it.effect("quadratic is the number of gaps before", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outputs(PollSchedule.quadratic()), [0, 1, 2])
    }))

  it.effect("learned is the number of gaps before, and of operations it learned from", () =>
    Effect.gen(function*() {
      const all = yield* outputs(PollSchedule.learned())
      assert.deepStrictEqual(all.map(({ operations, polls }) => [polls, operations]), [[0, 0], [1, 0], [2, 0]])
    }))
})

describe("an invalid value", () => {
  const text: Duration.Input = JSON.parse("\"10m\"")

  for (
    const [make, message] of [
      [() => PollSchedule.spaced(0), "interval is 0. It must be longer than zero."],
      [() => PollSchedule.spaced("-1 seconds"), "interval is -1 seconds. It must be longer than zero."],
      [() => PollSchedule.spaced(Number.NaN), "interval is NaN, which is no duration."],
      [() => PollSchedule.spaced(text), "interval is \"10m\", which is no duration."],
      [() => PollSchedule.geometric({ start: 0, ratio: 2 }), "start is 0. It must be longer than zero."],
      [() => PollSchedule.geometric({ start: 1000, ratio: 0 }), "ratio is 0. It must be 1 or more."],
      [() => PollSchedule.geometric({ start: 1000, ratio: Number.NaN }), "ratio is NaN. It must be 1 or more."],
      [() => PollSchedule.geometric({ start: 1000, ratio: 2, cap: 0 }), "cap is 0. It must be longer than zero."],
      [() => PollSchedule.quadratic({ requestCost: 0 }), "requestCost is 0. It must be longer than zero."],
      [() => PollSchedule.quadratic({ requestCost: Number.NaN }), "requestCost is NaN, which is no duration."],
      [() => PollSchedule.learned({ requestCost: -1 }), "requestCost is -1. It must be longer than zero."],
      [() => PollSchedule.explain(PollSchedule.quadratic(), ["Infinity"]), "duration is Infinity. It must be finite."],
      [
        () => PollSchedule.explain(PollSchedule.quadratic(), ["1 hour", Duration.infinity]),
        "duration is Infinity. It must be finite."
      ]
    ] as const
  ) {
    it(`dies at once, and names option and value: ${message}`, () => {
      assert.throws(make, RangeError, message)
    })
  }

  it.effect("is not a duration below a millisecond, which counts as one", () =>
    Effect.gen(function*() {
      const [row] = yield* PollSchedule.explain(PollSchedule.quadratic({ requestCost: 0.01 }), [100])
      assert.isBelow(row?.polls ?? Infinity, 15)
    }))
})

// Timers count whole milliseconds.
const wholeMillis = (duration: Duration.Duration) => Math.ceil(Duration.toMillis(duration))

describe("gapAt", () => {
  const operation = running
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

  // A live wait for `op`, answers to which take some time: when each poll was sent, and when answered.
  const live = Effect.fnUntraced(function*(
    schedule: PollSchedule.PollSchedule,
    { latencies, startedAt }: { readonly latencies: ReadonlyArray<number>; readonly startedAt?: DateTime.DateTime }
  ) {
    const sent: Array<number> = []
    const answered: Array<number> = []
    const layer = Scripted.getting(() =>
      Effect.gen(function*() {
        sent.push(yield* Clock.currentTimeMillis)
        yield* Effect.sleep(latencies[sent.length % Math.max(1, latencies.length)] ?? 0)
        answered.push(yield* Clock.currentTimeMillis)
        return operation
      })
    )
    const wait = Scripted.wait({ schedule, timeout: "15 minutes", startedAt })
    const fiber = yield* Effect.forkChild(Effect.exit(Effect.provide(wait, layer)))
    yield* TestClock.adjust("14 minutes")
    yield* Fiber.interrupt(fiber)
    return { sent, answered }
  })

  it.effect.prop(
    "is the next gap of a live wait, for every schedule of the module, however long answers take",
    { name: Schema.Literals(names), latencies: Schema.Array(between(0, 4000)).check(Schema.isMaxLength(4)) },
    ({ latencies, name }) =>
      Effect.gen(function*() {
        const schedule = schedules[name]
        const { answered, sent } = yield* live(schedule, { latencies })
        assert.isAbove(answered.length, 5)
        const startedAt = DateTime.makeUnsafe(answered[0] ?? 0)
        for (let polls = 0; polls < answered.length - 1; polls++) {
          const now = DateTime.makeUnsafe(answered[polls] ?? 0)
          const gap = yield* PollSchedule.gapAt(schedule, { startedAt, now, polls, operation })
          const next = Option.match(gap, { onNone: () => Infinity, onSome: wholeMillis })
          assert.strictEqual((answered[polls] ?? 0) + next, sent[polls + 1], `${name}, poll ${polls}`)
        }
      }),
    { arbitrary: { runs: 30 }, timeout: 30_000 }
  )

  for (const name of names) {
    it.effect(`is the next gap of a live wait with startedAt: ${name}`, () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("10 minutes")
        const startedAt = yield* DateTime.now
        const { answered, sent } = yield* live(schedules[name], { latencies: [], startedAt })
        for (let polls = 0; polls < answered.length - 1; polls++) {
          const now = DateTime.makeUnsafe(answered[polls] ?? 0)
          // The poll at `startedAt` was left out, and counts.
          const gap = yield* PollSchedule.gapAt(schedules[name], { startedAt, now, polls: polls + 1, operation })
          assert.deepStrictEqual(
            Option.map(gap, wholeMillis),
            Option.some((sent[polls + 1] ?? 0) - (answered[polls] ?? 0))
          )
        }
      }))
  }

  it.effect.prop(
    "continues from the first poll of a live wait, for every schedule of the module, however old the operation is",
    { name: Schema.Literals(names), age: between(-5000, 600_000), latency: between(0, 4000) },
    ({ age, latency, name }) =>
      Effect.gen(function*() {
        yield* TestClock.adjust("10 minutes")
        const schedule = schedules[name]
        const now = yield* DateTime.now
        const startedAt = DateTime.addDuration(now, -age)
        const { answered, sent } = yield* live(schedule, { latencies: [latency], startedAt })
        const first = yield* PollSchedule.firstPoll(schedule, { operationId: operation.id, startedAt, now })
        assert.strictEqual(DateTime.toEpochMillis(first.at), sent[0])
        for (let gaps = 0; gaps < answered.length - 1; gaps++) {
          const gap = yield* PollSchedule.gapAt(schedule, {
            startedAt: DateTime.min(startedAt, now),
            now: DateTime.makeUnsafe(answered[gaps] ?? 0),
            polls: first.polls + gaps,
            operation
          })
          const next = Option.match(gap, { onNone: () => Infinity, onSome: wholeMillis })
          assert.strictEqual((answered[gaps] ?? 0) + next, sent[gaps + 1], `${name}, poll ${gaps}`)
        }
      }),
    { arbitrary: { runs: 30 }, timeout: 30_000 }
  )

  it.effect("is none once the schedule has ended", () =>
    Effect.gen(function*() {
      const gaps = yield* Effect.forEach([15, 16, 17], (polls) =>
        PollSchedule.gapAt(PollSchedule.cloudflareGo, {
          startedAt: DateTime.makeUnsafe(0),
          now: DateTime.makeUnsafe(400_000),
          polls,
          operation
        }))
      assert.deepStrictEqual(gaps, [Option.some(Duration.seconds(128)), Option.none(), Option.none()])
    }))

  it.effect("is the same each time, and differs between operations that are started together", () =>
    Effect.gen(function*() {
      const gaps = yield* Effect.forEach(
        ["op-1", "op-1", "op-2"],
        (id) =>
          PollSchedule.gapAt(PollSchedule.quadratic({ requestCost: "1 minute" }), {
            startedAt: DateTime.makeUnsafe(0),
            now: DateTime.makeUnsafe(0),
            polls: 0,
            operation: { id: BulkOperation.OperationId.make(id), status: "running" }
          })
      )
      assert.deepStrictEqual(gaps[0], gaps[1])
      assert.notDeepEqual(gaps[0], gaps[2])
    }))
})
