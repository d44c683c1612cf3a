/**
 * The part of Cloudflare's engine that a wait needs, on the clock of the test: what steps gave back is kept, and a run
 * that was cut off is begun anew.
 */
import type { WorkflowWait } from "@bulk-operations/durable/cloudflare"
import { Clock, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { setImmediate } from "node:timers/promises"

type Entry = Awaited<ReturnType<WorkflowWait.WorkflowStep["do"]>>

/**
 * Passes time while promises are under way, which the clock of a test does not see: they are awaited before each sleep
 * that falls due.
 */
export const withTime = <A, E, R>(
  body: (pass: (duration: Duration.Input) => Effect.Effect<void>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  TestClock.testClockWith((clock) => {
    const sleepers = new Set<{ readonly until: number }>()
    const observed: TestClock.TestClock = {
      ...clock,
      sleep: (duration) =>
        Effect.suspend(() => {
          const sleeper = { until: clock.currentTimeMillisUnsafe() + Duration.toMillis(duration) }
          sleepers.add(sleeper)
          return Effect.ensuring(clock.sleep(duration), Effect.sync(() => sleepers.delete(sleeper)))
        })
    }
    const settle = Effect.repeat(Effect.promise(() => setImmediate()), { times: 4 })
    const pass = Effect.fnUntraced(function*(duration: Duration.Input) {
      const end = clock.currentTimeMillisUnsafe() + Duration.toMillis(Duration.fromInputUnsafe(duration))
      for (;;) {
        yield* settle
        const next = Math.min(...Array.from(sleepers, ({ until }) => until))
        const now = clock.currentTimeMillisUnsafe()
        yield* TestClock.adjust(Math.max(0, Math.min(next, end) - now))
        if (next > end) return yield* settle
      }
    })
    return Effect.provideService(body(pass), Clock.Clock, observed)
  })

/** An engine for one instance. */
export const make = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const run = Effect.runPromiseWith(yield* Effect.context<never>())
  const kept = new Map<string, Entry>()
  const wakesAt = new Map<string, number>()
  const log: Array<string> = []
  let life = 0

  // Of a run that was cut off nothing is heard any more.
  const during = async <A>(of: number, promise: Promise<A>): Promise<A> => {
    const value = await promise
    return of === life ? value : new Promise<A>(() => {})
  }

  const stepOf = (of: number): WorkflowWait.WorkflowStep => ({
    do: async (name, _config, callback) => {
      log.push(name)
      const before = kept.get(name)
      if (before !== undefined) return during(of, Promise.resolve(structuredClone(before)))
      const entry = await during(of, callback())
      // As it comes out of a store.
      kept.set(name, structuredClone(entry))
      return entry
    },
    sleep: async (name, milliseconds) => {
      // A sleep is known by its duration as well.
      const key = `${name}, ${milliseconds} ms`
      log.push(key)
      const until = wakesAt.get(key) ?? clock.currentTimeMillisUnsafe() + milliseconds
      wakesAt.set(key, until)
      await during(of, run(Effect.sleep(Math.max(0, until - clock.currentTimeMillisUnsafe()))))
    }
  })

  /** Runs it in the background. It is begun anew, from its first line, each time that it is cut off. */
  const start = Effect.fnUntraced(function*<A, E, R>(
    body: (step: WorkflowWait.WorkflowStep) => Effect.Effect<A, E, R>
  ) {
    const ended = yield* Deferred.make<A, E>()
    const begin = Effect.suspend(() => {
      const of = ++life
      log.push("run")
      return Effect.onExit(
        body(stepOf(of)),
        (exit) => Exit.hasInterrupts(exit) ? Effect.void : Deferred.done(ended, exit)
      )
    })
    let fiber = yield* Effect.forkDetach(begin)
    const cutOff = Effect.gen(function*() {
      life += 1
      yield* Fiber.interrupt(fiber)
      fiber = yield* Effect.forkDetach(begin)
    })
    return { exit: Effect.exit(Deferred.await(ended)), cutOff }
  })

  return { start, log, kept }
})
