/**
 * Waits under fake timers, for tests that already use them.
 *
 * Effect's monotonic clock reads the `process.hrtime` from when Effect was loaded: fake timers fire, but no time has
 * passed, and a wait continues. `clock` uses `Date` instead, which fake timers do move. Without fake timers, use
 * `TestClock` (testing-your-code.ts).
 */
import { Clock, Effect, Layer } from "effect"

const nanos = () => BigInt(Date.now()) * 1_000_000n

/** Provide this to code that waits. */
export const clock = Layer.effect(
  Clock.Clock,
  Effect.map(Clock.Clock, (usual): Clock.Clock => {
    return Object.assign(Object.create(usual), {
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos)
    })
  })
)
