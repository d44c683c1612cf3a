/**
 * Metrics of the waits of this process, as Effect `Metric`s. Counters only grow; durations are in seconds.
 */
import * as Metric from "effect/Metric"

const seconds = Metric.boundariesFromIterable([0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500])

/**
 * Answered polls, by `outcome`: the status, or the reason of the `CloudflareError`.
 *
 * @example
 * import { PollMetrics } from "@bulk-operations/poll"
 * import { Effect, Metric } from "effect"
 *
 * Number(Effect.runSync(Metric.value(PollMetrics.polls)).count) // => 0
 */
export const polls = Metric.counter("bulk_operation_polls_total", {
  description: "Polls of bulk operations, by outcome",
  incremental: true
})

/**
 * Waits under way, `changes` and `progress` included.
 *
 * @example
 * import { PollMetrics } from "@bulk-operations/poll"
 * import { Effect, Metric } from "effect"
 *
 * Number(Effect.runSync(Metric.value(PollMetrics.active)).value) // => 0
 */
export const active = Metric.gauge("bulk_operation_waits_active", {
  description: "Waits for bulk operations under way"
})

/**
 * How long waits took, by `outcome`: `completed`, `failed`, `timeout`, `error` or `interrupted`.
 *
 * @example
 * import { PollMetrics } from "@bulk-operations/poll"
 * import { Effect, Metric } from "effect"
 *
 * Number(Effect.runSync(Metric.value(PollMetrics.duration)).count) // => 0
 */
export const duration = Metric.histogram("bulk_operation_wait_duration_seconds", {
  description: "How long waits for bulk operations took",
  boundaries: seconds
})

/**
 * Detection lateness: the delay between an operation's end and its detection.
 *
 * Measured from Cloudflare's `completed`, or from the beginning of the wait if that is later. If the `Date` header of
 * the answers shows that the clocks differ by more than two seconds, Cloudflare's clock is used.
 *
 * @example
 * import { PollMetrics } from "@bulk-operations/poll"
 * import { Effect, Metric } from "effect"
 *
 * Number(Effect.runSync(Metric.value(PollMetrics.lateness)).count) // => 0
 */
export const lateness = Metric.histogram("bulk_operation_detection_lateness_seconds", {
  description: "Delay between the end of a bulk operation and its detection",
  boundaries: seconds
})

/**
 * How long due polls have been waiting for the request budget, summed over the pollers of the process.
 *
 * If it stays above zero, the budget is too small.
 *
 * @example
 * import { PollMetrics } from "@bulk-operations/poll"
 * import { Effect, Metric } from "effect"
 *
 * Number(Effect.runSync(Metric.value(PollMetrics.overdue)).value) // => 0
 */
export const overdue = Metric.gauge("bulk_operation_polls_overdue_seconds", {
  description: "For how long polls that are due have been waiting for the request budget"
})
