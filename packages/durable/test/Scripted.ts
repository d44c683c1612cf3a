/**
 * Durable waits in memory over scripted operations, on a clock that the test moves.
 */
import { CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { DurablePoller, ShardingDefaults } from "@bulk-operations/durable"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { DateTime, Effect, Fiber, Layer } from "effect"
import { MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"
import { TestClock } from "effect/testing"

export type Scripts = Readonly<Record<string, BulkOperationsTest.Script>>

export const scripted = (scripts: Scripts) =>
  BulkOperationPoller.layer.pipe(Layer.provideMerge(BulkOperationsTest.layer(scripts)))

/** Durable waits whose store is in memory. */
export const inMemory = (scripts: Scripts) => DurablePoller.layerMemory.pipe(Layer.provideMerge(scripted(scripts)))

/** A runner over a store that outlives it. */
export const runner = (storage: Layer.Layer<MessageStorage.MessageStorage>) =>
  DurablePoller.layer.pipe(
    Layer.provide(Sharding.layer),
    Layer.provide([Runners.layerNoop, RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(storage),
    Layer.provide(ShardingConfig.layer(ShardingDefaults.shardingDefaults))
  )

/**
 * Ends once the ids of the executions that were forked before are computed. They are hashed in real time, so a test that
 * moves its clock at once would move it before a wait has begun.
 */
export const hashed = Effect.repeat(Effect.promise(() => crypto.subtle.digest("SHA-256", new Uint8Array(1))), {
  times: 3
})

/** The outcome of an effect after this time has passed. */
export const after = <A, E, R>(duration: Parameters<typeof TestClock.adjust>[0], effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* hashed
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })

/** When the operation was polled, in milliseconds. */
export const polledAt = Effect.gen(function*() {
  const { calls } = yield* BulkOperationsTest.BulkOperationsTest
  return (yield* calls).map(({ at }) => DateTime.toEpochMillis(at))
})

const call = { method: "GET", path: "/operation", errors: [] } as const
export const notFound = new CloudflareError.NotFound({ ...call, status: 404 })
export const serverError = new CloudflareError.ServerError({ ...call, status: 502 })

export const at = (millis: number) => DateTime.makeUnsafe(millis)
