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
  /** Has it ring at `at` (of `monotonicMillis`) or before: whoever rings must look what is due. */
  readonly set: (at: number) => void
  readonly stop: () => void
}

// In a Cloudflare Worker a timer dies with the request that set it. One that should have rung so long ago, in
// milliseconds, is taken for dead.
const overdue = 1000

/** A timer that calls `ring`. */
export const make = (
  clock: Clock.Clock,
  fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>,
  ring: () => void
): Alarm => {
  let ringsAt = Number.POSITIVE_INFINITY
  let sleeper: Fiber.Fiber<void> | undefined

  const stop = () => {
    ringsAt = Number.POSITIVE_INFINITY
    sleeper?.interruptUnsafe()
    sleeper = undefined
  }

  const set = (at: number) => {
    const now = monotonicMillis(clock)
    if (at >= ringsAt && now < ringsAt + overdue) return
    stop()
    ringsAt = at
    // Timers count whole milliseconds: rounded up, so that what is due is due when it rings; and never none, for what is
    // due by less than a sum of times can tell would ring without end.
    const delay = Duration.millis(Math.max(1, Math.ceil(at - now)))
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
