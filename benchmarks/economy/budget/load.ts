/**
 * Who waits for what, and when: the same operations for every contender.
 */

/** So many waits one after the other, or a single one. */
export interface Lane {
  /** Milliseconds to the start of its first operation. */
  readonly startsAt: number
  /** How many milliseconds its next operation takes. */
  readonly nextDuration: () => number
  /** After how many milliseconds a wait of it gives up, if it does. */
  readonly timeout?: number
}

export interface Load {
  readonly name: string
  readonly lanes: () => ReadonlyArray<Lane>
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

/** A number of waits that never becomes less. */
export const steady = (waits: number, warmUpMinutes: number, minutes: number): Load => ({
  name: `${waits} steady waits`,
  lanes: () => lanesOf(waits, 10 * minute),
  again: true,
  from: warmUpMinutes * minute,
  to: (warmUpMinutes + minutes) * minute
})

/** A number of operations that start at random times of an hour. */
export const anHourOf = (operations: number): Load => ({
  name: `${operations.toLocaleString("en")} operations in an hour`,
  lanes: () => lanesOf(operations, 60 * minute),
  again: false,
  from: 0,
  to: 60 * minute
})

const several = (count: number, lane: (index: number) => Lane) =>
  Array.from({ length: count }, (_, index) => lane(index))

const lasting = (minutes: number) => () => minutes * minute

/** Waits of which those that matter are the few short ones. */
export const shortAmongLong: Load = {
  name: "2,000 operations of two hours, then one of 2 seconds every 3 seconds",
  lanes: () => [
    ...several(2000, (startsAt) => ({ startsAt, nextDuration: lasting(120) })),
    ...several(400, (index) => ({ startsAt: 10 * minute + index * 3000, nextDuration: () => 2000 }))
  ],
  again: false,
  from: 10 * minute,
  to: 30 * minute
}

/** Waits that give up early and are begun anew at once, for others that must not starve. */
export const shortTimeouts: Load = {
  name: "20 operations of 30 minutes, beside 40 waits that time out every 10 seconds",
  lanes: () => [
    ...several(20, () => ({ startsAt: 0, nextDuration: lasting(30) })),
    ...several(40, (index) => ({ startsAt: 1000 + index * 250, nextDuration: () => Infinity, timeout: 10_000 }))
  ],
  again: true,
  from: 0,
  to: 1000
}

/** A block that nobody in the process has brought on. */
export const blocked: Load = {
  name: "300 operations of 8 minutes, blocked from the second to the seventh",
  lanes: () => several(300, (index) => ({ startsAt: index * 100, nextDuration: lasting(8) })),
  again: false,
  from: 0,
  to: minute,
  blockedFrom: 2 * minute
}

/** An application that does something else as well. */
export const withCalls: Load = {
  ...steady(100, 20, 20),
  name: "100 steady waits, and 500 other calls in ten minutes",
  calls: Array.from({ length: 500 }, (_, index) => 20 * minute + index * 1200)
}

// Log-uniform from 1 second to 30 minutes.
const lanesOf = (count: number, within: number): ReadonlyArray<Lane> =>
  Array.from({ length: count }, (_, index) => {
    const draw = drawing(index + 1)
    return { startsAt: Math.floor(draw() * within), nextDuration: () => Math.round(1000 * 1800 ** draw()) }
  })

// Mulberry32: each lane has draws of its own, so that it matters to none in which order the others draw.
const drawing = (seed: number) => {
  let state = Math.imul(seed, 0x9e3779b9)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
