/**
 * What many figures say in few: the middle one, and between which ones the middle half of them lies.
 */

export interface Summary {
  readonly median: number
  /** The first and the third quartile. */
  readonly low: number
  readonly high: number
}

/** The figure below which the part `q` of them lies. */
export const quantile = (figures: ReadonlyArray<number>, q: number): number => {
  const sorted = figures.toSorted((left, right) => left - right)
  const position = (sorted.length - 1) * q
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return position % 1 === 0 ? below : below + (above - below) * (position % 1)
}

export const summarize = (figures: ReadonlyArray<number>): Summary => ({
  median: quantile(figures, 0.5),
  low: quantile(figures, 0.25),
  high: quantile(figures, 0.75)
})

/** How many times the others these figures are, each by the one of the same round. */
export const ratio = (figures: ReadonlyArray<number>, others: ReadonlyArray<number>): Summary =>
  summarize(figures.map((figure, round) => figure / (others[round] ?? Number.NaN)))

export const mean = (figures: ReadonlyArray<number>): number =>
  figures.reduce((sum, figure) => sum + figure, 0) / figures.length
