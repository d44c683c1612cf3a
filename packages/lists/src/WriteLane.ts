/**
 * Serializes writes: one at a time for each account, because Cloudflare accepts one bulk operation at a time for an
 * account.
 *
 * A lane remembers the last operation of an account. The next writer waits for its end before anything is sent; without
 * a next writer, nothing is polled. The layer here serializes the writers of one process. Several processes that write
 * to one account still get Cloudflare's 429, after which writes are retried (`WritePolicy`). You can provide a lane
 * over a shared lock instead.
 */
import type { OperationId } from "@bulk-operations/core/BulkOperation"
import { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Semaphore from "effect/Semaphore"
import * as WriteMetrics from "./WriteMetrics.ts"
import { WritePolicy } from "./WritePolicy.ts"

/** One writer's turn. */
export interface Turn {
  /** Records the operation that was just started: the next turn waits for its end. */
  readonly started: (operationId: OperationId) => Effect.Effect<void>
  /** Records that the operation has ended, so that it need not be polled. */
  readonly ended: (operationId: OperationId) => Effect.Effect<void>
}

/** Serializes writes by account. */
export class WriteLane extends Context.Service<WriteLane, {
  /**
   * Runs `use` exclusively for the account, in the order of the calls, after the previous turn's operation has ended.
   * If waiting for that fails, `use` still runs, and Cloudflare decides. Interrupting a turn leaves the queue.
   * **Gotcha:** turns do not nest.
   */
  readonly turn: <A, E, R>(accountId: string, use: (turn: Turn) => Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

  /** Records, from outside of a turn, that an operation has ended. */
  readonly ended: (accountId: string, operationId: OperationId) => Effect.Effect<void>
}>()("@bulk-operations/lists/WriteLane") {}

// Exists while there are writers for the account, or its last operation may be pending.
interface Lane {
  readonly semaphore: Semaphore.Semaphore
  writers: number
  last: { readonly operationId: OperationId; readonly startedAt: DateTime.Utc } | undefined
}

/**
 * Lanes within this process.
 *
 * @example
 * import { BulkOperationPoller } from "@bulk-operations/poll"
 * import { WriteLane } from "@bulk-operations/lists"
 * import { Effect, Layer } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const lane = yield* WriteLane.make
 *   const order: Array<string> = []
 *   const write = (name: string) => lane.turn("account", () => Effect.sync(() => order.push(name)))
 *   yield* Effect.all([write("first"), write("second")], { concurrency: "unbounded" })
 *   return order
 * })
 *
 * await Effect.runPromise(Effect.provide(program, BulkOperationPoller.layerTest({}))) // => ["first", "second"]
 */
export const make = Effect.gen(function*() {
  const poller = yield* BulkOperationPoller
  const lanes = new Map<string, Lane>()

  const enter = Effect.fnUntraced(function*(accountId: string) {
    const lane = lanes.get(accountId) ?? { semaphore: Semaphore.makeUnsafe(1), writers: 0, last: undefined }
    lanes.set(accountId, lane)
    return { lane, place: yield* queue(lane.writers++) }
  })

  const leave = (accountId: string, lane: Lane) => {
    lane.writers--
    if (lane.writers === 0 && lane.last === undefined) lanes.delete(accountId)
  }

  const started = (accountId: string, operationId: OperationId) =>
    Effect.map(DateTime.now, (startedAt) => {
      const lane = lanes.get(accountId)
      if (lane !== undefined) lane.last = { operationId, startedAt }
    })

  const ended = (accountId: string, operationId: OperationId) =>
    Effect.sync(() => {
      const lane = lanes.get(accountId)
      if (lane?.last?.operationId !== operationId) return
      lane.last = undefined
      if (lane.writers === 0) lanes.delete(accountId)
    })

  const waitForLast = Effect.fnUntraced(function*(accountId: string, { last }: Lane) {
    if (last === undefined) return
    const { operationId, startedAt } = last
    const { patience } = yield* WritePolicy
    yield* event("write.waits_for_operation", { "cloudflare.operation_id": operationId })
    yield* poller.wait(operationId, { accountId, startedAt, timeout: patience }).pipe(
      // Its own writer handles how it ended.
      Effect.catchTag("BulkOperationFailed", () => Effect.void),
      Effect.catch((error) =>
        Effect.logDebug("The end of the previous operation was not detected; writing anyway", error)
      )
    )
    yield* ended(accountId, operationId)
  })

  const turn = <A, E, R>(accountId: string, use: (turn: Turn) => Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      enter(accountId),
      ({ lane, place }) =>
        lane.semaphore.withPermit(Effect.gen(function*() {
          yield* waitForLast(accountId, lane)
          yield* place.reached
          return yield* use({
            started: (operationId) => started(accountId, operationId),
            ended: (operationId) => ended(accountId, operationId)
          })
        })),
      ({ lane, place }) => Effect.andThen(place.left, Effect.sync(() => leave(accountId, lane)))
    )

  return WriteLane.of({ turn, ended })
})

// A place in the queue behind `ahead` others. It is counted until its turn comes or its writer leaves.
const queue = Effect.fnUntraced(function*(ahead: number) {
  const began = yield* Clock.monotonicTimeNanos
  let isQueued = true
  const left = Effect.suspend(() => {
    const change = isQueued ? -1 : 0
    isQueued = false
    return Metric.modify(WriteMetrics.queued, change)
  })
  yield* Metric.modify(WriteMetrics.queued, 1)
  if (ahead > 0) yield* event("write.queued", { "write.ahead": ahead })
  return {
    left,
    reached: Effect.gen(function*() {
      yield* left
      const waited = Duration.nanos((yield* Clock.monotonicTimeNanos) - began)
      yield* Metric.update(WriteMetrics.queueDuration, Duration.toSeconds(waited))
      if (ahead > 0) yield* event("write.turn", { "write.queued_ms": Duration.toMillis(waited) })
    })
  }
})

const event = (name: string, attributes: Record<string, unknown>) =>
  Effect.currentSpan.pipe(
    Effect.flatMap((span) => Effect.map(Clock.currentTimeNanos, (now) => span.event(name, now, attributes))),
    Effect.ignore
  )

/**
 * Lanes within this process.
 *
 * @example
 * import { ListItems, WriteLane } from "@bulk-operations/lists"
 * import { Layer } from "effect"
 *
 * // Like `ListItems.layer`: replace the lane by one that several processes share.
 * export const layer = Layer.effect(ListItems.ListItems, ListItems.make).pipe(Layer.provide(WriteLane.layer))
 */
export const layer: Layer.Layer<WriteLane, never, BulkOperationPoller> = Layer.effect(WriteLane, make)
