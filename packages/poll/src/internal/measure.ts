/** Updates `PollMetrics`. A metrics registry that throws does no harm. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as PollMetrics from "../PollMetrics.ts"
import { harmless } from "./observers.ts"

/** How a wait ended. */
export type Outcome = "completed" | "failed" | "timeout" | "error" | "interrupted"

// A metric with attributes caches its key; creating it again would cost more than the poll.
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

type Own = Context.Context<never>

/** A poll was answered. */
export const poll = harmless((context: Own, outcome: string) => polls(outcome).updateUnsafe(1, context))

/** The queue of due polls has waited for this many more seconds. */
export const overdue = harmless((context: Own, seconds: number) => PollMetrics.overdue.modifyUnsafe(seconds, context))

export const waitBegan = harmless((context: Own) => PollMetrics.active.modifyUnsafe(1, context))

/** A wait that has ended; times in milliseconds. */
export interface Ended {
  readonly outcome: Outcome
  readonly duration: number
  readonly lateness: number | undefined
}

export const waitEnded = harmless((context: Own, wait: Ended) => {
  PollMetrics.active.modifyUnsafe(-1, context)
  duration(wait.outcome).updateUnsafe(wait.duration / 1000, context)
  if (wait.lateness !== undefined) PollMetrics.lateness.updateUnsafe(wait.lateness / 1000, context)
})
