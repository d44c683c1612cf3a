/**
 * The wait that one would write with Effect's workflows: an activity for each poll, and a durable sleep for each gap.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { PollSchedule } from "@bulk-operations/poll"
import { DateTime, Duration, Effect, Layer, Option, Schema } from "effect"
import { ClusterWorkflowEngine } from "effect/cluster"
import { Activity, DurableClock, Workflow } from "effect/workflow"

export const WaitByActivities = Workflow.make("WaitByActivities", {
  payload: { operationId: Schema.String, startedAt: Schema.DateTimeUtcFromMillis },
  success: BulkOperation.BulkOperation,
  idempotencyKey: ({ operationId }) => operationId
})

const schedule = PollSchedule.quadratic()

const poll = Effect.fnUntraced(function*(operationId: string, startedAt: DateTime.Utc, polls: number) {
  const operation = yield* Effect.orDie(BulkOperations.BulkOperations.use(({ get }) => get(operationId)))
  const gap = yield* PollSchedule.gapAt(schedule, { startedAt, now: yield* DateTime.now, polls, operation })
  return { operation, gap: Option.getOrElse(gap, () => Duration.zero) }
})

export const layer = WaitByActivities.toLayer(Effect.fnUntraced(function*({ operationId, startedAt }) {
  for (let polls = 0;; polls++) {
    const { gap, operation } = yield* Activity.make({
      name: `poll-${polls}`,
      success: Schema.Struct({ operation: BulkOperation.BulkOperation, gap: Schema.DurationFromMillis }),
      execute: poll(operationId, startedAt, polls)
    })
    if (BulkOperation.isTerminal(operation)) return operation
    yield* DurableClock.sleep({ name: `gap-${polls}`, duration: gap, inMemoryThreshold: 0 })
  }
})).pipe(Layer.provideMerge(ClusterWorkflowEngine.layer))
