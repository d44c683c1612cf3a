/**
 * Who waits for what, and when: the same operations for every contender.
 */

/** So many waits one after the other, or a single one. */
export interface Lane {
  /** Milliseconds to the start of its first operation. */
  readonly startsAt: number
  /** How many milliseconds its next operation takes. */
  readonly nextDuration: () => number
}

export interface Load {
  readonly name: string
  readonly lanes: () => ReadonlyArray<Lane>
  /** Whether a lane starts another operation as soon as it saw the last one end. */
  readonly again: boolean
  /** Operations that start from here to there count; those before are warm-up. */
  readonly from: number
  readonly to: number
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
