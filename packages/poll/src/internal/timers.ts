/** Very many timers on one alarm: each costs a place in a queue, but no fiber. */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"

/** An owner of a timer. */
export interface Timed extends Heap.Node {
  /** Called when the time has come, once for each `set`. Must not set a timer for the same time. */
  readonly ring: () => void
}

export interface Timers {
  /** Rings at `at` (of `Alarm.monotonicMillis`), replacing any earlier setting; never for Infinity. */
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
      // A timer without waits would keep the process alive until its deadline.
      if (waiting.size() === 0) alarm.stop()
    },
    size: waiting.size,
    stop: alarm.stop
  }
}
