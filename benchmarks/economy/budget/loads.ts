/**
 * Who waits for what, and when: the same operations for every contender.
 */
import { Effect, Random } from "effect"
import { logUniform } from "../durations.ts"

/** So many waits one after the other, or a single one. Times are in milliseconds. */
export interface Lane {
  readonly startsAt: number
  /** How long its next operation takes. */
  readonly nextDuration: () => number
  /** After how long a wait of it gives up, if it does. */
  readonly timeout?: number
}

export interface Load {
  readonly name: string
  readonly lanes: Effect.Effect<ReadonlyArray<Lane>>
  /** Whether a lane starts another operation as soon as it saw the last one end. */
  readonly again: boolean
  /** Operations that start from here to there count; those before are warm-up. */
  readonly from: number
  readonly to: number
  /** When Cloudflare begins to answer 429 to all for five minutes, and says no more than that. */
  readonly blockedFrom?: number
  /** When the application makes a call of its own. */
  readonly calls?: ReadonlyArray<number>
}

const minute = 60_000

const several = <A>(count: number, of: (index: number) => A) => Array.from({ length: count }, (_, index) => of(index))

// Each lane has draws of its own, so that it matters to none in which order the others draw.
const drawn = (count: number, within: number) =>
  Effect.forEach(
    several(count, (index) => index + 1),
    (seed) =>
      Random.withSeed(Effect.service(Random.Random), seed).pipe(
        Effect.map((random): Lane => ({
          startsAt: Math.floor(random.nextDoubleUnsafe() * within),
          nextDuration: () => Math.round(1000 * logUniform(random.nextDoubleUnsafe()))
        }))
      )
  )

/** A number of waits that never becomes less. */
export const steady = (waits: number, warmUpMinutes: number, minutes: number): Load => ({
  name: `${waits} steady waits`,
  lanes: drawn(waits, 10 * minute),
  again: true,
  from: warmUpMinutes * minute,
  to: (warmUpMinutes + minutes) * minute
})

/** A number of operations that start at random times of an hour. */
export const anHourOf = (operations: number): Load => ({
  name: `${operations.toLocaleString("en")} operations in an hour`,
  lanes: drawn(operations, 60 * minute),
  again: false,
  from: 0,
  to: 60 * minute
})

const lasting = (minutes: number) => () => minutes * minute

/** Waits of which those that matter are the few short ones. */
export const shortAmongLong: Load = {
  name: "2,000 operations of two hours, then one of 2 seconds every 3 seconds",
  lanes: Effect.succeed([
    ...several(2000, (startsAt) => ({ startsAt, nextDuration: lasting(120) })),
    ...several(400, (index) => ({ startsAt: 10 * minute + index * 3000, nextDuration: () => 2000 }))
  ]),
  again: false,
  from: 10 * minute,
  to: 30 * minute
}

/** Waits that give up early and are begun anew at once, for others that must not starve. */
export const shortTimeouts: Load = {
  name: "20 operations of 30 minutes, beside 40 waits that time out every 10 seconds",
  lanes: Effect.succeed([
    ...several(20, () => ({ startsAt: 0, nextDuration: lasting(30) })),
    ...several(40, (index) => ({ startsAt: 1000 + index * 250, nextDuration: () => Infinity, timeout: 10_000 }))
  ]),
  again: true,
  from: 0,
  to: 1000
}

/** A block that nobody in the process has brought on. */
export const blocked: Load = {
  name: "300 operations of 8 minutes, blocked from the second to the seventh",
  lanes: Effect.succeed(several(300, (index) => ({ startsAt: index * 100, nextDuration: lasting(8) }))),
  again: false,
  from: 0,
  to: minute,
  blockedFrom: 2 * minute
}

/** An application that does something else as well. */
export const withCalls: Load = {
  ...steady(100, 20, 20),
  name: "100 steady waits, and 500 other calls in ten minutes",
  calls: several(500, (index) => 20 * minute + index * 1200)
}
