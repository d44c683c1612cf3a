import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Deadline from "../../src/internal/deadline.ts"

const lateAfter = (limit: Duration.Input) => <A, E, R>(effect: Effect.Effect<A, E, R>, deadline = Deadline.make()) =>
  deadline.within(effect, Duration.fromInputUnsafe(limit), () => "late")

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.exit(effect), (exit) => Effect.map(Clock.currentTimeMillis, (at) => [exit, at] as const))

const in5 = lateAfter("5 seconds")

describe("an effect within a deadline", () => {
  it.effect("ends as it would alone where it is in time", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* in5(Effect.succeed(1)), 1)
      assert.strictEqual(yield* Effect.flip(in5(Effect.fail("no"))), "no")
      const fiber = yield* Effect.forkChild(timed(in5(Effect.delay(Effect.succeed(2), "4 seconds"))))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [Exit.succeed(2), 4000])
    }))

  it.effect("has the services of its surroundings", () =>
    Effect.gen(function*() {
      const name = Context.Reference<string>("test/name", { defaultValue: () => "default" })
      assert.strictEqual(yield* Effect.provideService(in5(name), name, "given"), "given")
    }))

  it.effect("is interrupted when its time is over, and not before it has finished", () =>
    Effect.gen(function*() {
      const finished: Array<number> = []
      const finish = Effect.andThen(
        Effect.sleep("2 seconds"),
        Effect.map(Clock.currentTimeMillis, (at) => void finished.push(at))
      )
      const fiber = yield* Effect.forkChild(timed(in5(Effect.onInterrupt(Effect.never, () => finish))))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [Exit.fail("late"), 7000])
      assert.deepStrictEqual(finished, [7000])
    }))

  it.effect("is late although it ends, where it could not be interrupted in time", () =>
    Effect.gen(function*() {
      const stubborn = Effect.uninterruptible(Effect.delay(Effect.succeed("done"), "9 seconds"))
      const fiber = yield* Effect.forkChild(timed(in5(stubborn)))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [Exit.fail("late"), 9000])
    }))

  it.effect("that interrupts itself is interrupted, not late", () =>
    Effect.gen(function*() {
      assert.isTrue(Exit.hasInterrupts(yield* Effect.exit(in5(Effect.interrupt))))
    }))

  it.effect("is interrupted with the one who waits for it", () =>
    Effect.gen(function*() {
      let interrupted = false
      const inner = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (interrupted = true)))
      const fiber = yield* Effect.forkChild(in5(inner))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.isTrue(interrupted)
    }))

  it.effect("without a limit is the effect itself", () =>
    Effect.sync(() => {
      const effect = Effect.succeed(1)
      assert.strictEqual(lateAfter("Infinity")(effect), effect)
    }))
})

describe("many effects within deadlines", () => {
  it.effect("are each due at their own time, whatever their limits and in whatever order they began", () =>
    Effect.gen(function*() {
      const deadline = Deadline.make()
      const fibers = yield* Effect.forEach(
        [[0, 5], [1, 2], [2, 5], [2, 1], [6, 5], [30, 5]] as const,
        ([after, limit]) =>
          Effect.forkChild(
            Effect.delay(timed(lateAfter(Duration.seconds(limit))(Effect.never, deadline)), Duration.seconds(after))
          )
      )
      yield* TestClock.adjust("1 minute")
      const ends = yield* Effect.forEach(fibers, Fiber.join)
      assert.isTrue(ends.every(([exit]) => Exit.isFailure(exit)))
      assert.deepStrictEqual(ends.map(([, at]) => at), [5000, 3000, 7000, 3000, 11_000, 35_000])
    }))

  it.effect("are due as well where another begins at the moment that one is late", () =>
    Effect.gen(function*() {
      const deadline = Deadline.make()
      const again = Effect.catch(in5(Effect.never, deadline), () => in5(Effect.never, deadline))
      const fiber = yield* Effect.forkChild(timed(again))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [Exit.fail("late"), 10_000])
    }))

  it.effect("leave no timer behind when they have ended in time", () =>
    Effect.gen(function*() {
      let sleeping = 0
      const clock = yield* Clock.Clock
      const counting: Clock.Clock = {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
        currentTimeMillis: clock.currentTimeMillis,
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
        currentTimeNanos: clock.currentTimeNanos,
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        sleep: (duration) =>
          Effect.acquireUseRelease(
            Effect.sync(() => sleeping++),
            () => clock.sleep(duration),
            () => Effect.sync(() => sleeping--)
          )
      }
      const deadline = Deadline.make()
      const briefly = in5(
        Effect.callback<void>((resume) => {
          assert.isAtMost(sleeping, 1)
          queueMicrotask(() => resume(Effect.void))
        }),
        deadline
      )
      const all = Effect.all(Array.from({ length: 20 }, () => briefly), { concurrency: "unbounded", discard: true })
      yield* Effect.provideService(all, Clock.Clock, counting)
      assert.strictEqual(sleeping, 0)
    }))
})
