import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Deadline from "../../src/internal/deadline.ts"

const lateAfter = (limit: Duration.Input) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Deadline.within(effect, Duration.fromInputUnsafe(limit), () => "late")

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

  it.effect("leaves no timer behind when it has ended in time", () =>
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
      const fiber = yield* Effect.forkChild(
        Effect.provideService(in5(Effect.delay(Effect.void, "1 second")), Clock.Clock, counting)
      )
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(sleeping, 2)
      yield* TestClock.adjust("500 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(sleeping, 0)
    }))
})
