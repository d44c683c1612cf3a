/**
 * How likely an operation of some age is to end, learned from those before it, and when it pays to poll.
 *
 * Ages fall into bins, each 1.2 times as long as the one before. For each bin it is counted how many operations reached
 * it and how many ended in it. Knowing nothing, the hazard at age `t` is `1 / (2t)`: that of one who has no scale for
 * `t`. It is the mean of the prior of every bin, worth a fraction of an operation, so that what was seen soon outweighs
 * it. Four memories stand beside each other: one that learns nothing, one that forgets quickly, and two that forget
 * slowly, of which one sees sharply and one does not. Each counts as much as it foretold the durations so far; a small
 * part of the weight is shared out anew at each operation, so that a change is followed.
 *
 * The next poll is due when the lateness to be expected since the last one is worth a request. Knowing nothing that is
 * `requestCost · k²`; knowing the distribution it costs at most a few percent more than the best there is.
 *
 * Sources: Keller, Management Science 21 (1974), doi 10.1287/mnsc.21.3.256, whose gap `√(2c / h)` this is where the
 * hazard `h` changes slowly; Herbster and Warmuth, Machine Learning 32 (1998), doi 10.1023/A:1007424614876, for the
 * shared weight.
 *
 * All ages are milliseconds.
 */
import {
  bins,
  ends,
  firstEdge,
  logRatio,
  narrowest,
  type Observation,
  placeOf,
  ratio,
  type Spread,
  spread
} from "./bins.ts"

/** What is remembered of operations, and how much it counts. */
interface Memory extends Spread {
  readonly weight: number
}

/** All that was learned of operations, as plain data. */
export interface Beliefs {
  readonly operations: number
  readonly memories: ReadonlyArray<Memory>
}

/** For each bin, how likely an operation that reached it is to end in it. */
export interface Hazard {
  /** How many operations it was learned from. */
  readonly operations: number
  readonly chances: ReadonlyArray<number>
}

// Of who has no scale, each age is infinitely old already: bin 0 is certain.
const chancesUnknown: ReadonlyArray<number> = bins.map((bin) => bin === 0 ? 1 : 1 - 1 / Math.sqrt(ratio))

// A memory forgets half of what it saw after `halfLife` operations. Its prior counts as much as `prior` operations, and
// takes an end for one up to about `blur` bins off. Found by measuring: `npm run bench -- economy`.
const kinds = [
  { halfLife: 0, prior: 1, blur: 1 },
  { halfLife: 4, prior: 1, blur: 2 },
  { halfLife: 50, prior: 0.2, blur: 0.35 },
  { halfLife: 50, prior: 0.8, blur: 2 }
] as const
const shared = 0.012

type Kind = typeof kinds[number]

const keeps = ({ halfLife }: Kind) => halfLife === 0 ? 0 : 0.5 ** (1 / halfLife)

/** Nothing learned yet. */
export const nothing: Beliefs = {
  operations: 0,
  memories: kinds.map(() => ({ reached: bins.map(() => 0), ended: bins.map(() => 0), weight: 1 / kinds.length }))
}

/** How likely an end is for who has learned nothing. */
export const unknown: Hazard = { operations: 0, chances: chancesUnknown }

/** What is believed after one more operation. */
export const observe = ({ memories, operations }: Beliefs, observation: Observation): Beliefs => {
  const foretold = memories.map((memory, index) => memory.weight * likelihood(chancesOf(memory, index), observation))
  const sum = foretold.reduce((all, one) => all + one)
  return {
    operations: operations + 1,
    memories: memories.map(({ ended, reached }, index) => {
      const kind = kinds[index] ?? kinds[0]
      const weight = (1 - shared) * (foretold[index] ?? 0) / sum + shared / kinds.length
      if (kind.halfLife === 0) return { reached, ended, weight }
      const seen = spread(observation, kind.blur)
      const kept = keeps(kind)
      return {
        reached: bins.map((bin) => kept * (reached[bin] ?? 0) + (seen.reached[bin] ?? 0)),
        ended: bins.map((bin) => kept * (ended[bin] ?? 0) + (seen.ended[bin] ?? 0)),
        weight
      }
    })
  }
}

// What a guess counts, in operations that were seen before all others, and by how many bins it may be off.
const guess = { weight: 2, blur: 4 }

/** How likely an end is, with what somebody expects, which is forgotten like everything else. */
export const hazard = ({ memories, operations }: Beliefs, expected?: number): Hazard => {
  if (operations === 0 && expected === undefined) return unknown
  const hint = expected === undefined ? undefined : spread({ from: expected, to: expected }, guess.blur)
  const all = memories.map((memory, index) => chancesOf(memory, index, hint && { ...hint, operations }))
  // A memory that holds an operation of this age to be unlikely counts for less from here on.
  const weights = memories.map(({ weight }) => weight)
  let before = 1
  const chances = bins.map((bin) => {
    const ending = all.map((chances, index) => (weights[index] ?? 0) * (chances[bin] ?? 0))
    const chance = Math.min(1, ending.reduce((sum, one) => sum + one) / before)
    // Bin 0 tells no memory from another: the one that knows nothing is certain of it.
    if (bin === 0) return chance
    ending.forEach((one, index) => weights[index] = (weights[index] ?? 0) - one)
    before = weights.reduce((sum, one) => sum + one)
    return chance
  })
  return { operations, chances }
}

// By bin, the mean of what a bin's prior holds for likely and of what was seen there.
const chancesOf = ({ ended, reached }: Memory, index: number, hint?: Spread & { readonly operations: number }) => {
  const kind = kinds[index] ?? kinds[0]
  if (kind.halfLife === 0) return chancesUnknown
  const hinted = hint === undefined ? 0 : guess.weight * keeps(kind) ** hint.operations
  return bins.map((bin) =>
    (kind.prior * (chancesUnknown[bin] ?? 0) + (ended[bin] ?? 0) + hinted * (hint?.ended[bin] ?? 0)) /
    (kind.prior + (reached[bin] ?? 0) + hinted * (hint?.reached[bin] ?? 0))
  )
}

// How likely that observation was, for an operation that outlives bin 0.
const likelihood = (chances: ReadonlyArray<number>, { from, to }: Observation) => {
  const outliving = (place: number) => {
    if (place < 1) return 1
    let alive = 1
    const last = Math.floor(place)
    for (let bin = 1; bin < last; bin++) alive *= 1 - (chances[bin] ?? 0)
    return alive * (1 - (chances[last] ?? 0)) ** (place - last)
  }
  const start = placeOf(from)
  const left = to === Number.POSITIVE_INFINITY ? 0 : outliving(Math.max(placeOf(to), start + narrowest))
  return Math.max(1e-300, outliving(start) - left)
}

/** What a gap depends on, besides the hazard. */
export interface Poll {
  /** The age at which the last poll saw the operation under way. */
  readonly age: number
  /** What a request is worth. */
  readonly cost: number
  /** From 0 to 1, drawn for each wait, so that waits which begin together do not poll together. */
  readonly phase: number
  readonly isFirst: boolean
}

// No gap spans more than so many of those of who knows nothing, however sure the memories are.
const boldest = 6

// By how much a gap may be off so as to differ from that of other waits. It costs next to nothing to miss the best one.
const variety = 0.3

/** The age at which to poll next. It is above `age`, and finite. */
export const nextPoll = (hazard: Hazard, { age, cost, isFirst, phase }: Poll): number => {
  // Knowing nothing, only the first gap is drawn. The more is known, the more is lost by a first poll that comes early.
  const ignorance = hazard.chances[0] ?? 1
  const first = isFirst ? (1 - phase * ignorance) ** 2 : 1
  const varied = 1 + variety * (1 - ignorance) * (2 * phase - 1)
  return Math.min(pollAt(hazard, age, cost * first * varied), (Math.sqrt(age) + boldest * Math.sqrt(cost)) ** 2)
}

// The age at which the lateness to be expected since the last poll, at `age`, is worth `worth`.
const pollAt = ({ chances }: Hazard, age: number, worth: number): number => {
  let bin = Math.max(0, Math.floor(placeOf(age)))
  // How likely it is not to have ended by `from`, and the lateness to be expected by then.
  let alive = 1
  let late = 0
  let from = age
  if (bin === 0 && age <= 0) {
    // Whoever ends in bin 0 ended at once.
    const atOnce = chances[0] ?? 1
    const end = ends[0] ?? firstEdge
    if (atOnce * end >= worth) return worth / atOnce
    alive = 1 - atOnce
    late = atOnce * end
    from = end
    bin = 1
  }
  for (;; bin++) {
    const end = ends[bin] ?? Number.POSITIVE_INFINITY
    const within = lateness(bin === 0 ? 1 - 1 / Math.sqrt(ratio) : chances[bin] ?? 0, from, alive)
    const byEnd = end === Number.POSITIVE_INFINITY ? end : late + within.lateBy(end)
    if (byEnd >= worth) return within.reaching(worth - late, end)
    late = byEnd
    alive *= within.aliveAt(end)
    from = end
  }
}

// Within a bin the hazard is a multiple of `1 / t`, so that survival is a power of age.
const lateness = (chance: number, from: number, alive: number) => {
  const power = Math.log1p(-Math.min(chance, 1 - 1e-12)) / logRatio
  const aliveAt = (age: number) => (age / from) ** power
  const lateBy = (age: number) =>
    age - from -
    alive * from * (Math.abs(power + 1) < 1e-9 ? Math.log(age / from) : ((age / from) ** (power + 1) - 1) / (power + 1))
  // Newton's method from above, where it cannot miss: lateness grows ever faster.
  const reaching = (worth: number, end: number) => {
    let age = end
    if (end === Number.POSITIVE_INFINITY) { for (age = from + worth; lateBy(age) < worth;) age *= 2 }
    for (let step = 0; step < 60; step++) {
      const less = (lateBy(age) - worth) / (1 - alive * aliveAt(age))
      if (!(less > age * 1e-13)) break
      age -= less
    }
    return age
  }
  return { aliveAt, lateBy, reaching }
}
