/**
 * How long operations take: two guesses, for nobody knows.
 */

export interface Distribution {
  readonly name: string
  /** The duration in seconds below which the part `q` of all operations ends. */
  readonly quantile: (q: number) => number
}

/** From 1 second to 30 minutes, every order of magnitude as likely. */
export const logUniform: Distribution = {
  name: "log-uniform, 1 s to 30 min",
  quantile: (q) => 1800 ** q
}

/** Most take a few seconds, and some very long. */
export const logNormal: Distribution = {
  name: "log-normal, median 8 s, sigma 1.2",
  quantile: (q) => 8 * Math.exp(1.2 * normalQuantile(q))
}

/** So many operations that stand for all, from the shortest to the longest, in seconds. */
export const sample = ({ quantile }: Distribution, size: number): ReadonlyArray<number> =>
  Array.from({ length: size }, (_, index) => quantile((index + 0.5) / size))

// By bisection: nothing is faster to read, and a few thousand are needed.
const normalQuantile = (q: number) => {
  let low = -9
  let high = 9
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2
    if (normalPart(middle) < q) low = middle
    else high = middle
  }
  return (low + high) / 2
}

// The part of a normal distribution below `x`: the series of the integral of its density, good far beyond what is needed
// for |x| < 7.
const normalPart = (x: number) => {
  if (Math.abs(x) > 7) return x < 0 ? 0 : 1
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= x * x / (2 * n + 1)
    sum += term
  }
  return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI)
}
