/**
 * How long operations take: guesses, for nobody knows.
 */

export interface Distribution {
  readonly name: string
  /** The duration in seconds below which the part `q` of all operations ends. */
  readonly quantile: (q: number) => number
}

/** Around a median, so that two thirds are within a factor of `e` to the `sigma`. */
export const around = (median: number, sigma: number): Distribution => ({
  name: `log-normal, median ${median} s, sigma ${sigma}`,
  quantile: (q) => median * Math.exp(sigma * normalQuantile(q))
})

/** Two kinds, of which `part` are of the first. */
export const either = (part: number, first: Distribution, second: Distribution): Distribution => ({
  name: `${100 * part} % ${first.name}; else ${second.name}`,
  quantile: (q) => q < part ? first.quantile(q / part) : second.quantile((q - part) / (1 - part))
})

/** Of whom nobody can say how long they still take. */
export const exponential = (mean: number): Distribution => ({
  name: `exponential, mean ${mean} s`,
  quantile: (q) => -mean * Math.log(1 - q)
})

/** From 1 second to 30 minutes, every order of magnitude as likely. */
export const logUniform: Distribution = {
  name: "log-uniform, 1 s to 30 min",
  quantile: (q) => 1800 ** q
}

/** Most take a few seconds, and some very long. */
export const logNormal: Distribution = around(8, 1.2)

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
