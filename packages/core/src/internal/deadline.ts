/**
 * A limit to how long effects may take, with one timer for all that have the same limit.
 *
 * `Effect.timeout` races each effect against a sleep of its own, and a request costs a third more for it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** Limits effects in their time. */
export interface Deadline {
  /**
   * The effect, or the error of `onTimeout` where it has not ended after so long. It is interrupted then, and what it
   * does to finish is waited for.
   */
  readonly within: <A, E, R, E2>(
    effect: Effect.Effect<A, E, R>,
    limit: Duration.Duration,
    onTimeout: () => E2
  ) => Effect.Effect<A, E | E2, R>
}

interface Running {
  readonly fiber: Fiber.Fiber<unknown, unknown>
  /** In monotonic milliseconds of the lane's clock. */
  readonly endsAt: number
  hasTimedOut: boolean
}

// All in a lane have the same time, so who began first is due first.
interface Lane {
  readonly clock: Clock.Clock
  readonly millis: number
  readonly running: Set<Running>
  timer: Fiber.Fiber<void> | undefined
}

const now = (clock: Clock.Clock) => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Deadlines that share their timers. */
export const make = (): Deadline => {
  const lanes = new Set<Lane>()

  const laneOf = (clock: Clock.Clock, millis: number): Lane => {
    for (const lane of lanes) if (lane.millis === millis && lane.clock === clock) return lane
    return { clock, millis, running: new Set(), timer: undefined }
  }

  const enter = (lane: Lane, running: Running) => {
    lane.running.add(running)
    if (lanes.has(lane)) return
    lanes.add(lane)
    lane.timer = Effect.runFork(watch(lane))
  }

  // A timer that nobody needs would keep the process from ending.
  const leave = (lane: Lane, running: Running) => {
    if (!lane.running.delete(running) || lane.running.size > 0) return
    lanes.delete(lane)
    lane.timer?.interruptUnsafe()
  }

  const watch = (lane: Lane): Effect.Effect<void> =>
    Effect.suspend(() => {
      for (const running of lane.running) {
        const left = running.endsAt - now(lane.clock)
        if (left > 0) return Effect.andThen(lane.clock.sleep(Duration.millis(Math.ceil(left))), watch(lane))
        lane.running.delete(running)
        running.hasTimedOut = true
        running.fiber.interruptUnsafe()
      }
      lanes.delete(lane)
      return Effect.void
    })

  const within: Deadline["within"] = <A, E, R, E2>(
    effect: Effect.Effect<A, E, R>,
    limit: Duration.Duration,
    onTimeout: () => E2
  ) =>
    Duration.isFinite(limit)
      ? Effect.contextWith((context: Context.Context<R>) =>
        Effect.callback<A, E | E2>((resume) => {
          const fiber = Effect.runForkWith(context)(effect)
          const lane = laneOf(Context.get(context, Clock.Clock), Duration.toMillis(limit))
          const running = { fiber, endsAt: now(lane.clock) + lane.millis, hasTimedOut: false }
          if (fiber.pollUnsafe() === undefined) enter(lane, running)
          fiber.addObserver((exit) => {
            leave(lane, running)
            resume(running.hasTimedOut && Exit.hasInterrupts(exit) ? Effect.fail(onTimeout()) : exit)
          })
          return Fiber.interrupt(fiber)
        })
      )
      : effect

  return { within }
}
