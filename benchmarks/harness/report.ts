/**
 * What a benchmark says: tables for people, and figures that must stay below a limit.
 */
import { median, quantile } from "simple-statistics"

/** How a benchmark is run. */
export interface Options {
  /** Few rounds, for a check in between. */
  readonly quick: boolean
}

/** A figure that was promised. */
export interface Limit {
  readonly what: string
  readonly measured: number
  readonly limit: number
  /** What was aimed at, where the limit is not that yet. */
  readonly aim?: number
}

export interface Report {
  readonly markdown: string
  readonly limits: ReadonlyArray<Limit>
}

/** One that can be run by its name. */
export type Benchmark = (options: Options) => Promise<Report>

/** A Markdown table. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map((_, column) => column === 0 ? "---" : "---:")), ...rows.map(line)].join("\n")
}

/** Limits, and what was measured. */
export const limitsTable = (limits: ReadonlyArray<Limit>): string => {
  const haveAims = limits.some(({ aim }) => aim !== undefined)
  return table(
    ["", "measured", "at most", ...(haveAims ? ["aim"] : [])],
    limits.map(({ aim, limit, measured, what }) => [
      what,
      figure(measured),
      figure(limit),
      ...(haveAims ? [aim === undefined ? "" : figure(aim)] : [])
    ])
  )
}

/** About three digits. */
export const figure = (value: number): string => {
  if (!Number.isFinite(value)) return "never"
  const digits = Math.abs(value) >= 99.5 ? 0 : Math.abs(value) >= 9.95 ? 1 : 2
  return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, ",")
}

/** The median of the rounds, with the first and the third quartile. */
export const spread = (rounds: ReadonlyArray<number>): string => {
  const [low = Number.NaN, high = Number.NaN] = quantile([...rounds], [0.25, 0.75])
  return `${figure(middle(rounds))} (${figure(low)}–${figure(high)})`
}

/** The median of the rounds. */
export const middle = (rounds: ReadonlyArray<number>): number => median([...rounds])

/** How many times the others these are, each by the one of the same round. */
export const ratios = (rounds: ReadonlyArray<number>, others: ReadonlyArray<number>): ReadonlyArray<number> =>
  rounds.map((figure, round) => figure / (others[round] ?? Number.NaN))
