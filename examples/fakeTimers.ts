/**
 * Waits under fake timers, for tests that have them already.
 *
 * Effect's monotonic clock reads `process.hrtime`, as it was when Effect was loaded: fake timers ring, but no time has
 * passed, and a wait goes on. `clock` is one that goes by `Date`, which they do move. A test without fake
 * timers is better off with `TestClock` (testing-your-code.ts).
 */
import { Clock, Effect, Layer } from "effect"

const nanos = () => BigInt(Date.now()) * 1_000_000n

/** To provide to whatever waits. */
export const clock = Layer.effect(
  Clock.Clock,
  Effect.map(Clock.Clock, (usual): Clock.Clock => {
    return Object.assign(Object.create(usual), {
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos)
    })
  })
)
