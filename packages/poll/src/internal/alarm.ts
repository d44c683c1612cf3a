/**
 * One timer for many users: it rings at the earliest time it was set to, and needs a sleeping fiber only while it is
 * set.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** Monotonic milliseconds. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

export interface Alarm {
  /** Sets the timer to ring at `at` (of `monotonicMillis`) or earlier: the callback must check what is due. */
  readonly set: (at: number) => void
  readonly stop: () => void
}

// In a Cloudflare Worker a timer silently dies with the request that set it. A timer older than this, in milliseconds,
// is replaced at the next `set`.
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
    // Timers count whole milliseconds. Rounded up, so that it does not ring before anything is due. At least 1 ms:
    // rounding could otherwise fire the timer endlessly.
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
