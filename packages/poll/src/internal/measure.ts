/**
 * Telling `PollMetrics` what happened.
 */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as PollMetrics from "../PollMetrics.ts"

/** How a wait ended. */
export type Outcome = "completed" | "failed" | "timeout" | "error" | "interrupted"

// A metric with attributes knows its key from the second time on; making it anew would cost more than the poll.
const byOutcome = <Input, State>(metric: Metric.Metric<Input, State>) => {
  const known = new Map<string, Metric.Metric<Input, State>>()
  return (outcome: string) => {
    const metricOf = known.get(outcome) ?? Metric.withAttributes(metric, { outcome })
    known.set(outcome, metricOf)
    return metricOf
  }
}

const polls = byOutcome(PollMetrics.polls)
const duration = byOutcome(PollMetrics.duration)

/** A poll was answered. */
export const poll = (context: Context.Context<never>, outcome: string): void => polls(outcome).updateUnsafe(1, context)

/** The queue of polls that are due has been waiting for so many seconds more. */
export const overdue = (context: Context.Context<never>, seconds: number): void =>
  PollMetrics.overdue.modifyUnsafe(seconds, context)

/** A wait begins. */
export const waitBegan = (context: Context.Context<never>): void => PollMetrics.active.modifyUnsafe(1, context)

/** A wait has ended; its times are in milliseconds. */
export const waitEnded = (context: Context.Context<never>, wait: {
  readonly outcome: Outcome
  readonly duration: number
  readonly lateness: number | undefined
}): void => {
  PollMetrics.active.modifyUnsafe(-1, context)
  duration(wait.outcome).updateUnsafe(wait.duration / 1000, context)
  if (wait.lateness !== undefined) PollMetrics.lateness.updateUnsafe(wait.lateness / 1000, context)
}
