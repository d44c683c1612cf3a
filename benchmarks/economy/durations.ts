/**
 * How long operations take: guesses, for nobody knows.
 */
import { bisect, errorFunction } from "simple-statistics"

/** The duration in seconds below which the part `q` of all operations ends. */
export type Quantile = (q: number) => number

const normal: Quantile = (q) => bisect((x) => (1 + errorFunction(x / Math.SQRT2)) / 2 - q, -9, 9, 60, 1e-9)

/** Log-normal around a median: two thirds are within a factor of `e` to the `sigma`. */
export const around = (median: number, sigma: number): Quantile => (q) => median * Math.exp(sigma * normal(q))

/** Two kinds, of which `part` are of the first. */
export const either = (part: number, first: Quantile, second: Quantile): Quantile => (q) =>
  q < part ? first(q / part) : second((q - part) / (1 - part))

/** Of whom nobody can say how long they still take. */
export const exponential = (mean: number): Quantile => (q) => -mean * Math.log(1 - q)

/** From 1 second to 30 minutes, every order of magnitude as likely. */
export const logUniform: Quantile = (q) => 1800 ** q

/** Most take a few seconds, and some very long. */
export const logNormal = around(8, 1.2)

/** So many operations that stand for all, from the shortest to the longest, in seconds. */
export const sample = (quantile: Quantile, size: number): ReadonlyArray<number> =>
  Array.from({ length: size }, (_, index) => quantile((index + 0.5) / size))
