/**
 * How likely an operation of a given age is to end, learned from earlier operations, and when a poll is worth its cost.
 *
 * Ages fall into bins, each 1.2 times as long as the one before. Each bin counts how many operations reached it and how
 * many ended in it. Without data, the hazard at age `t` is `1 / (2t)`, which is scale-free. This is the mean of every
 * bin's prior, which counts as a fraction of an operation, so that data soon outweighs it. There are four memories: one
 * that learns nothing, one that forgets quickly, and two that forget slowly, one with a small and one with a large
 * blur. Each is weighted by how well it predicted the durations so far. A small part of the weight is redistributed at
 * each operation, so that a change is followed.
 *
 * The next poll is due when the lateness expected since the last one is worth a request. Without data that is at
 * `requestCost · k²`. With a known distribution it costs at most a few percent more than the optimum.
 *
 * Sources: Keller, Management Science 21 (1974), doi 10.1287/mnsc.21.3.256, whose gap `√(2c / h)` this equals while the
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

/** A memory of operations, and its weight. */
interface Memory extends Spread {
  readonly weight: number
}

/** Everything learned from operations, as plain data. */
export interface Beliefs {
  readonly operations: number
  readonly memories: ReadonlyArray<Memory>
}

/** For each bin, how likely an operation that reached it is to end in it. */
export interface Hazard {
  /** The number of operations it was learned from. */
  readonly operations: number
  readonly chances: ReadonlyArray<number>
}

// Without a scale, every age is infinitely old already: bin 0 is certain.
const chancesUnknown: ReadonlyArray<number> = bins.map((bin) => bin === 0 ? 1 : 1 - 1 / Math.sqrt(ratio))

// A memory forgets half of its data after `halfLife` operations. Its prior counts as `prior` operations, and each end
// is spread over about `blur` bins. The values were found by measuring: `npm run bench -- economy`.
const kinds = [
  { halfLife: 0, prior: 1, blur: 1 },
  { halfLife: 4, prior: 1, blur: 2 },
  { halfLife: 50, prior: 0.2, blur: 0.35 },
  { halfLife: 50, prior: 0.8, blur: 2 }
] as const
const shared = 0.012

type Kind = typeof kinds[number]

const keeps = ({ halfLife }: Kind) => 0.5 ** (1 / halfLife)

/** Nothing learned yet. */
export const nothing: Beliefs = {
  operations: 0,
  memories: kinds.map(() => ({ reached: bins.map(() => 0), ended: bins.map(() => 0), weight: 1 / kinds.length }))
}

/** The hazard without data. */
export const unknown: Hazard = { operations: 0, chances: chancesUnknown }

/** The beliefs after one more operation. */
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

// The weight of an estimate, in operations before all others, and by how many bins it may be off.
const guess = { weight: 2, blur: 4 }

/** The hazard, including an expected duration, which is forgotten like other data. */
export const hazard = ({ memories, operations }: Beliefs, expected?: number): Hazard => {
  if (operations === 0 && expected === undefined) return unknown
  const hint = expected === undefined ? undefined : spread({ from: expected, to: expected }, guess.blur)
  const all = memories.map((memory, index) => chancesOf(memory, index, hint && { ...hint, operations }))
  // A memory that considers an operation of this age unlikely gets less weight from here on.
  const weights = memories.map(({ weight }) => weight)
  let before = 1
  const chances = bins.map((bin) => {
    const ending = all.map((chances, index) => (weights[index] ?? 0) * (chances[bin] ?? 0))
    const chance = Math.min(1, ending.reduce((sum, one) => sum + one) / before)
    // Bin 0 does not change the weights: the memory without data is certain of it.
    if (bin === 0) return chance
    ending.forEach((one, index) => weights[index] = (weights[index] ?? 0) - one)
    before = weights.reduce((sum, one) => sum + one)
    return chance
  })
  return { operations, chances }
}

// For each bin, the weighted mean of its prior and its data.
const chancesOf = ({ ended, reached }: Memory, index: number, hint?: Spread & { readonly operations: number }) => {
  const kind = kinds[index] ?? kinds[0]
  if (kind.halfLife === 0) return chancesUnknown
  const hinted = hint === undefined ? 0 : guess.weight * keeps(kind) ** hint.operations
  return bins.map((bin) =>
    (kind.prior * (chancesUnknown[bin] ?? 0) + (ended[bin] ?? 0) + hinted * (hint?.ended[bin] ?? 0)) /
    (kind.prior + (reached[bin] ?? 0) + hinted * (hint?.reached[bin] ?? 0))
  )
}

// The likelihood of an observation, for an operation that outlives bin 0.
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

/** What a gap depends on besides the hazard. */
export interface Poll {
  /** The age at the last poll that showed the operation under way. */
  readonly age: number
  /** How much lateness a request is worth. */
  readonly cost: number
  /** From 0 to 1, drawn for each wait, so that waits which begin together do not poll together. */
  readonly phase: number
  readonly isFirst: boolean
}

// The longest gap, in gaps without data, however sure the memories are.
const boldest = 6

// How much a gap may vary, so that waits differ. Missing the best gap costs next to nothing.
const variety = 0.3

/** The age at which to poll next. It is above `age`, and finite. */
export const nextPoll = (hazard: Hazard, { age, cost, isFirst, phase }: Poll): number => {
  // Without data, only the first gap is random. The more is known, the more an early first poll costs.
  const ignorance = hazard.chances[0] ?? 1
  const first = isFirst ? (1 - phase * ignorance) ** 2 : 1
  const varied = 1 + variety * (1 - ignorance) * (2 * phase - 1)
  return Math.min(pollAt(hazard, age, cost * first * varied), (Math.sqrt(age) + boldest * Math.sqrt(cost)) ** 2)
}

// The age at which the lateness expected since the last poll, at `age`, reaches `worth`.
const pollAt = ({ chances }: Hazard, age: number, worth: number): number => {
  let bin = Math.max(0, Math.floor(placeOf(age)))
  // The probability of not having ended by `from`, and the lateness expected by then.
  let alive = 1
  let late = 0
  let from = age
  if (age <= 0) {
    // An operation that ends in bin 0 ended at once.
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
  // Newton's method from above always converges here, because lateness is convex.
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
