/**
 * What many figures say in few: the middle one, and between which ones the middle half of them lies.
 */

export interface Summary {
  readonly median: number
  /** The first and the third quartile. */
  readonly low: number
  readonly high: number
}

export const quantile = (sorted: ReadonlyArray<number>, q: number): number => {
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position % 1)
}

export const summarize = (figures: ReadonlyArray<number>): Summary => {
  const sorted = figures.toSorted((left, right) => left - right)
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

export const mean = (figures: ReadonlyArray<number>): number =>
  figures.reduce((sum, figure) => sum + figure, 0) / figures.length
