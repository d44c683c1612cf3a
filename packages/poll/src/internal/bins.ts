/**
 * Ages in bins, each 1.2 times as long as the one before, and what was observed of an operation spread over them.
 *
 * All ages are milliseconds.
 */

/** An operation that ended at an age between `from` and `to`; where `to` is infinite it was not seen to end. */
export interface Observation {
  readonly from: number
  readonly to: number
}

/** Longer than this is all the same. */
export const longest = 86_400_000

export const ratio = 1.2
export const firstEdge = 100
export const logRatio = Math.log(ratio)

// Bin 0 is all that is shorter than the first edge; the last one has no end.
const count = Math.ceil(Math.log(longest / firstEdge) / logRatio) + 2
/** The numbers of the bins. */
export const bins = Array.from({ length: count }, (_, bin) => bin)
/** Where each of them ends. */
export const ends = bins.map((bin) => bin === count - 1 ? Number.POSITIVE_INFINITY : firstEdge * ratio ** bin)

/** An age as a place on the scale of bins: from 3 to 4 is bin 3. */
export const placeOf = (age: number) => Math.min(count - 0.5, 1 + Math.log(Math.max(1, age) / firstEdge) / logRatio)

/** Operations by bin: the parts that reached it, and that ended in it. */
export interface Spread {
  readonly reached: ReadonlyArray<number>
  readonly ended: ReadonlyArray<number>
}

/** Of a bin: no duration is known better. */
export const narrowest = 0.01

/** An end spread over its interval and, as the next operation will not last exactly as long, over `blur` bins around. */
export const spread = ({ from, to }: Observation, blur: number): Spread => {
  const start = placeOf(from)
  if (to === Number.POSITIVE_INFINITY) {
    return { reached: bins.map((bin) => Math.min(1, Math.max(0, start - bin))), ended: bins.map(() => 0) }
  }
  const width = Math.max(narrowest, placeOf(to) - start)
  const scale = blur * Math.sqrt(3) / Math.PI
  // The part that ended before a place: a logistic distribution, averaged over where in the interval its middle is.
  const before = (place: number) => {
    const after = (place - start) / scale
    const above = (place - start - width) / scale
    if (place === 0 || after < -negligible) return 0
    if (place === count || above > negligible) return 1
    return scale / width * (softplus(after) - softplus(above))
  }
  const edges = [...bins.map(before), 1]
  return {
    reached: bins.map((bin) => 1 - (edges[bin] ?? 0)),
    ended: bins.map((bin) => Math.max(0, (edges[bin + 1] ?? 0) - (edges[bin] ?? 0)))
  }
}

const negligible = 20

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
