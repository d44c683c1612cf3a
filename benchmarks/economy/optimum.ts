/**
 * The least that operations can cost whose distribution is known: by dynamic programming over the times at which one can
 * poll.
 */
import { type Quantile, sample } from "./durations.ts"

// So many operations stand for all, and one can poll every 0.05 seconds, or every 1 % of the age.
const size = 20_000
const finest = 0.05
const coarsest = 0.01

/** Requests, each worth `requestCost` seconds, and seconds late, per operation. */
export const optimum = (quantile: Quantile, requestCost: number): number => {
  const ended = endedBy(sample(quantile, size))
  // What is still to be paid, for all operations together, after a poll at each of the times.
  const rest = new Float64Array(ended.length)
  for (let at = ended.length - 2; at >= 0; at--) rest[at] = cheapest(ended, rest, at, requestCost)
  return (rest[0] ?? 0) / size
}

interface Ended {
  readonly time: number
  /** How many operations have ended by then, and how long they took together. */
  readonly operations: number
  readonly seconds: number
}

const endedBy = (durations: ReadonlyArray<number>): ReadonlyArray<Ended> => {
  const last = durations.at(-1) ?? 0
  const all: Array<Ended> = [{ time: 0, operations: 0, seconds: 0 }]
  let operations = 0
  let seconds = 0
  for (let time = finest; operations < durations.length; time += Math.max(finest, coarsest * time)) {
    const end = time > last ? last : time
    for (; operations < durations.length && (durations[operations] ?? 0) <= end; operations++) {
      seconds += durations[operations] ?? 0
    }
    all.push({ time: end, operations, seconds })
  }
  return all
}

const cheapest = (ended: ReadonlyArray<Ended>, rest: Float64Array, at: number, requestCost: number) => {
  const now = ended[at]
  if (now === undefined) return 0
  let best = Number.POSITIVE_INFINITY
  for (let next = at + 1; next < ended.length; next++) {
    const then = ended[next]
    if (then === undefined) break
    const late = then.time * (then.operations - now.operations) - (then.seconds - now.seconds)
    if (late > best) break
    best = Math.min(best, requestCost * (size - now.operations) + late + (rest[next] ?? 0))
  }
  return best
}
