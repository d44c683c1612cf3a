/**
 * One timer for many: it rings at the earliest time it was set to, and costs a sleeping fiber only while it is set.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** Milliseconds that only ever go forward. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** A timer. */
export interface Alarm {
  /** Has it ring at `at` (of `monotonicMillis`) or before: whoever is rung must check what is due. */
  readonly set: (at: number) => void
  readonly stop: () => void
}

// In a Cloudflare Worker a timer dies with the request that set it, without a word. One that was set longer ago than this,
// in milliseconds, is set anew whenever it is asked for.
const trustedFor = 100

/** A timer that calls `ring`. */
export const make = (
  clock: Clock.Clock,
  fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>,
  ring: () => void
): Alarm => {
  let ringsAt = Number.POSITIVE_INFINITY
  let setAt = Number.NEGATIVE_INFINITY
  let sleeper: Fiber.Fiber<void> | undefined

  const stop = () => {
    ringsAt = Number.POSITIVE_INFINITY
    sleeper?.interruptUnsafe()
    sleeper = undefined
  }

  const set = (at: number) => {
    if (at === Number.POSITIVE_INFINITY) return
    const now = monotonicMillis(clock)
    if (at >= ringsAt && now < setAt + trustedFor) return
    const earliest = Math.min(at, ringsAt)
    stop()
    ringsAt = earliest
    setAt = now
    // Timers count whole milliseconds: rounded up, so that what is due is due when it rings. At least 1 ms: rounding could
    // otherwise fire the timer endlessly.
    const delay = Duration.millis(Math.max(1, Math.ceil(earliest - now)))
    sleeper = fork(Effect.andThen(
      clock.sleep(delay),
      Effect.sync(() => {
        ringsAt = Number.POSITIVE_INFINITY
        ring()
      })
    ))
  }

  return { set, stop }
}
