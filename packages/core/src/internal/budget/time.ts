/**
 * Time that only ever goes forward.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Milliseconds of the monotonic clock. */
export const millis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** The clock, with the monotonic time in place of the time of day, for code that measures distances by that. */
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

/** Calls `ring` after so many milliseconds, unless it is stopped before. */
export const timer = (clock: Clock.Clock, millis: number, ring: () => void): { readonly stop: () => void } => {
  // Rounded up, so that what is due is due when it rings; never none, or what is due by less than a sum of times can
  // tell would ring without end; and no more than timers can count.
  const delay = Duration.millis(Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(millis))))
  const sleeper = Effect.runFork(Effect.andThen(clock.sleep(delay), Effect.sync(ring)))
  return { stop: () => sleeper.interruptUnsafe() }
}
