/**
 * `BulkOperationPoller.wait`, with its deadline and its sharing.
 */
import { BulkOperations } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Effect, Layer, ManagedRuntime, References } from "effect"
import type { MakeWaits } from "../operations.ts"

export const make: MakeWaits = async ({ intervalMillis, operations, tracing }) => {
  const runtime = ManagedRuntime.make(
    BulkOperationPoller.layer.pipe(
      Layer.provide(Layer.succeed(BulkOperations.BulkOperations, {
        accountId: "account",
        get: (operationId) => Effect.sync(() => operations.poll(operationId))
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
