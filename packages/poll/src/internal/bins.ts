/**
 * Bins of ages, each 1.2 times as long as the one before, and how an observation is spread over them.
 *
 * All ages are milliseconds.
 */

/** An operation that ended at an age between `from` and `to`; if `to` is infinite, its end was not detected. */
export interface Observation {
  readonly from: number
  readonly to: number
}

/** Longer durations count as this one. */
export const longest = 86_400_000

export const ratio = 1.2
export const firstEdge = 100
export const logRatio = Math.log(ratio)

// Bin 0 holds everything shorter than the first edge; the last bin has no end.
const count = Math.ceil(Math.log(longest / firstEdge) / logRatio) + 2
export const bins = Array.from({ length: count }, (_, bin) => bin)
/** Where each bin ends. */
export const ends = bins.map((bin) => bin === count - 1 ? Number.POSITIVE_INFINITY : firstEdge * ratio ** bin)

/** An age as a position on the scale of bins: from 3 to 4 is bin 3. */
export const placeOf = (age: number) => Math.min(count - 0.5, 1 + Math.log(Math.max(1, age) / firstEdge) / logRatio)

/** Operations by bin: how many, in fractions, reached it, and how many ended in it. */
export interface Spread {
  readonly reached: ReadonlyArray<number>
  readonly ended: ReadonlyArray<number>
}

/** The smallest blur, as a fraction of a bin: no duration is known more precisely. */
export const narrowest = 0.01

/**
 * Spreads an end over its interval and over `blur` bins around it, because the next operation will take a different
 * time.
 */
export const spread = ({ from, to }: Observation, blur: number): Spread => {
  const start = placeOf(from)
  if (to === Number.POSITIVE_INFINITY) {
    return { reached: bins.map((bin) => Math.min(1, Math.max(0, start - bin))), ended: bins.map(() => 0) }
  }
  const width = Math.max(narrowest, placeOf(to) - start)
  const scale = blur * Math.sqrt(3) / Math.PI
  // The fraction that ended before a position: a logistic distribution, averaged over its centre's position in the
  // interval.
  const before = (place: number) => {
    if (place === 0) return 0
    return scale / width * (softplus((place - start) / scale) - softplus((place - start - width) / scale))
  }
  const edges = [...bins.map(before), 1]
  return {
    reached: bins.map((bin) => 1 - (edges[bin] ?? 0)),
    ended: bins.map((bin) => Math.max(0, (edges[bin + 1] ?? 0) - (edges[bin] ?? 0)))
  }
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
