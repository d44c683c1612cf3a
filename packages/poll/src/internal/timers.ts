/**
 * A timer for each of very many, on one alarm: it costs a place in a queue, and no fiber.
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"

/** Whoever has a timer. */
export interface Timed extends Heap.Node {
  /** Called when the time has come, once for each `set`. Must not set a timer for the same moment. */
  readonly ring: () => void
}

/** The timers. */
export interface Timers {
  /** Rings at `at` (of `Alarm.monotonicMillis`) instead of at any time set before; never for Infinity. */
  readonly set: (timed: Timed, at: number) => void
  readonly clear: (timed: Timed) => void
  readonly size: () => number
  readonly stop: () => void
}

/** No timers yet. */
export const make = (
  clock: Clock.Clock,
  fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
): Timers => {
  const waiting = Heap.make<Timed>()

  const ring = () => {
    const now = Alarm.monotonicMillis(clock)
    for (let next = waiting.peek(); next !== undefined && next.at <= now; next = waiting.peek()) {
      waiting.remove(next)
      next.ring()
    }
    arm()
  }

  const arm = () => alarm.set(waiting.peek()?.at ?? Number.POSITIVE_INFINITY)

  const alarm = Alarm.make(clock, fork, ring)

  return {
    set: (timed, at) => {
      waiting.remove(timed)
      if (at === Number.POSITIVE_INFINITY) return
      waiting.put(timed, at)
      arm()
    },
    clear: (timed) => {
      waiting.remove(timed)
      // A timer without a wait would keep the process alive until its deadline.
      if (waiting.size() === 0) alarm.stop()
    },
    size: waiting.size,
    stop: alarm.stop
  }
}
