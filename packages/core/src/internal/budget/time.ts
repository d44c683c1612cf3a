/** Monotonic time. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Milliseconds of the monotonic clock. */
export const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The clock with monotonic time in place of wall-clock time, for code that measures durations by the latter. */
export const withoutTimeOfDay = (clock: Clock.Clock): Clock.Clock => {
  const currentTimeMillisUnsafe = () => Math.floor(millis(clock))
  return {
    currentTimeMillisUnsafe,
    currentTimeMillis: Effect.sync(currentTimeMillisUnsafe),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
    currentTimeNanos: clock.currentTimeNanos,
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }
}

/** Calls `ring` after `millis`, unless it is stopped before. */
export const timer = (clock: Clock.Clock, millis: number, ring: () => void): { readonly stop: () => void } => {
  // Rounded up, so that it does not ring before anything is due. At least 1 ms: rounding could otherwise fire the timer
  // endlessly. At most what timers can count.
  const delay = Duration.millis(Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(millis))))
  const sleeper = Effect.runFork(Effect.andThen(clock.sleep(delay), Effect.sync(ring)))
  return { stop: () => sleeper.interruptUnsafe() }
}
