/**
 * Metrics of the waits of this process, as Effect `Metric`s. Counters only grow; durations are in seconds.
 */
import * as Metric from "effect/Metric"

const seconds = Metric.boundariesFromIterable([0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500])

/** Polls answered, by `outcome`: the status that was seen, or the reason of the `CloudflareError`. */
export const polls = Metric.counter("bulk_operation_polls_total", {
  description: "Polls of bulk operations, by outcome",
  incremental: true
})

/** Waits under way, `changes` and `progress` included. */
export const active = Metric.gauge("bulk_operation_waits_active", {
  description: "Waits for bulk operations under way"
})

/** How long waits took, by `outcome`: `completed`, `failed`, `timeout`, `error` or `interrupted`. */
export const duration = Metric.histogram("bulk_operation_wait_duration_seconds", {
  description: "How long waits for bulk operations took",
  boundaries: seconds
})

/**
 * Detection lateness: the delay between an operation's end and its detection.
 *
 * Measured from Cloudflare's `completed`, or from the beginning of the wait where that is later; where the `Date` of the
 * answers shows that the clocks differ by more than two seconds, Cloudflare's clock is taken.
 */
export const lateness = Metric.histogram("bulk_operation_detection_lateness_seconds", {
  description: "Delay between the end of a bulk operation and its detection",
  boundaries: seconds
})

/**
 * For how long polls that are due have been waiting for the request budget, summed over the pollers of the process.
 *
 * Above zero for long, the budget is short.
 */
export const overdue = Metric.gauge("bulk_operation_polls_overdue_seconds", {
  description: "For how long polls that are due have been waiting for the request budget"
})
