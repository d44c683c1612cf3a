/** Metrics of the write lanes of this process, as Effect `Metric`s. */
import * as Metric from "effect/Metric"

/**
 * Writers that wait for their turn, over all accounts.
 *
 * @example
 * import { WriteMetrics } from "@bulk-operations/lists"
 * import { Effect, Metric } from "effect"
 *
 * Effect.runSync(Metric.value(WriteMetrics.queued)).value // => 0
 */
export const queued = Metric.gauge("list_writes_queued", {
  description: "Writes to lists that wait for their turn"
})

/**
 * How long writers waited for their turn, including the previous operation. In seconds.
 *
 * @example
 * import { WriteMetrics } from "@bulk-operations/lists"
 * import { Effect, Metric } from "effect"
 *
 * Effect.runSync(Metric.value(WriteMetrics.queueDuration)).count // => 0
 */
export const queueDuration = Metric.histogram("list_write_queue_duration_seconds", {
  description: "How long writes to lists waited for their turn",
  boundaries: Metric.boundariesFromIterable([0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500])
})
