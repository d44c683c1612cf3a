/**
 * `BulkOperationPoller.wait`, with its deadline, its sharing and a budget that is too large to throttle.
 */
import { BulkOperations } from "@bulk-operations/core"
import { BulkOperationPoller, PollBudget, PollSchedule } from "@bulk-operations/poll"
import { Effect, Layer, ManagedRuntime, References } from "effect"
import type { MakeWaits } from "../operations.ts"

export const make: MakeWaits = async ({ intervalMillis, operations, tracing }) => {
  const runtime = ManagedRuntime.make(
    BulkOperationPoller.layer.pipe(
      Layer.provide(Layer.succeed(BulkOperations.BulkOperations, {
        accountId: "account",
        get: (operationId) => Effect.sync(() => operations.look(operationId))
      })),
      Layer.provide(Layer.succeed(PollBudget.PollBudget, {
        limit: 1e9,
        window: "1 second",
        share: 1,
        key: "benchmark"
      })),
      Layer.merge(Layer.succeed(References.TracerEnabled, tracing !== "off"))
    )
  )
  const poller = await runtime.runPromise(BulkOperationPoller.BulkOperationPoller)
  const options = { schedule: PollSchedule.spaced(intervalMillis), timeout: "1 hour" } as const
  return (operationId, onEnd) => {
    runtime.runFork(Effect.andThen(poller.wait(operationId, options), Effect.sync(onEnd)))
  }
}
