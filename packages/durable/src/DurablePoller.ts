/**
 * Waits for bulk operations that survive the process, on Effect's workflow engine.
 */
import type { Completed } from "@bulk-operations/core/BulkOperation"
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as BulkOperationPoller from "@bulk-operations/poll/BulkOperationPoller"
import type { WaitError } from "@bulk-operations/poll/WaitError"
import * as Cause from "effect/Cause"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import * as Execution from "./internal/execution.ts"
import * as StoreDefect from "./internal/storeDefect.ts"
import * as StoredWait from "./internal/storedWait.ts"
import { layer as layerWorkflow, WaitWorkflow } from "./internal/waitWorkflow.ts"
import { shardingDefaults } from "./ShardingDefaults.ts"
import * as WaitStatus from "./WaitStatus.ts"

/** What can be said about a durable wait: what can be stored of it. The rest is as the runner's `PollOptions` has it. */
export interface WaitOptions {
  /** The account of the operation. Default the one of `BulkOperations`. */
  readonly accountId?: string | undefined
  /**
   * When the operation was started, if that is known: where its schedule and its timeout count from. Store it with the id
   * of the operation: a wait that is asked for again with the same `startedAt` and `timeout` is the same wait. Default
   * unknown: both count from now, and a wait asked for later is another one.
   */
  readonly startedAt?: DateTime.DateTime | undefined
  /**
   * How long after `startedAt` the wait times out, whatever happens to processes meanwhile. Default as `PollOptions` has
   * it, 1 hour; `"Infinity"` for no limit.
   */
  readonly timeout?: Duration.Input | undefined
  /** What a request is worth: polls with `PollSchedule.quadratic`. Default the schedule of the runner's `PollOptions`. */
  readonly requestCost?: Duration.Input | undefined
  /** How long transient errors may last, counted anew by a process that takes the wait up. Default as `PollOptions` has it. */
  readonly tolerance?: Duration.Input | undefined
  /** How long `NotFound` counts as transient, counted as `tolerance`. Default as `PollOptions` has it. */
  readonly notFoundGrace?: Duration.Input | undefined
}

/**
 * Waits for bulk operations, durably: what was begun goes on when the process starts again, or in another one.
 *
 * A wait is told from others by its account, its operation and its deadline. Whoever asks for one that is there already
 * joins it, whether it is under way or has ended, and its other options are those that it was begun with; a warning is
 * logged where they differ.
 */
export class DurablePoller extends Context.Service<DurablePoller, {
  /**
   * The operation, once it has completed. Fails as `wait` of `BulkOperationPoller` does; `polls` of a `PollTimeout` are
   * those of the process that saw it.
   *
   * Interrupting it leaves the wait to go on: `cancel` ends one. Whoever waits for one that is cancelled is interrupted.
   * Dies with `StoreError` if the store fails.
   */
  readonly wait: (operationId: string, options?: WaitOptions) => Effect.Effect<Completed, WaitError>

  /** Begins a wait, and gives its execution id once it is stored. */
  readonly start: (operationId: string, options?: WaitOptions) => Effect.Effect<string>

  /** How the wait is getting on, as the store has it. Sends nothing to Cloudflare. */
  readonly poll: (executionId: string) => Effect.Effect<WaitStatus.WaitStatus>

  /**
   * Ends a wait at once, in the midst of a request as well, and returns when it has ended: where no process works on the
   * store, when one does. One that has ended stays as it is. The bulk operation itself cannot be cancelled: it goes on.
   */
  readonly cancel: (executionId: string) => Effect.Effect<void>

  /**
   * Takes a wait that has ended out of the store, and says whether nothing of it is there any more. One that is under way
   * stays: cancel it first. Nothing else ever takes anything out of the store.
   *
   * It returns once all who wait for it in this process have its end. Who waits for it in another one at that moment waits
   * for ever: forget a wait where it is acted on.
   *
   * A wait that was cancelled is remembered by its runner for about half a minute. The same wait begun anew before then is
   * cancelled too.
   */
  readonly forget: (executionId: string) => Effect.Effect<boolean>
}>()("@bulk-operations/durable/DurablePoller") {}

const make = Effect.fnUntraced(function*(accountId: string | undefined) {
  const engine = yield* WorkflowEngine
  const executions = yield* Execution.make(WaitWorkflow)
  const withEngine = Effect.provideService(WorkflowEngine, engine)

  const request = Effect.fnUntraced(function*(operationId: string, options: WaitOptions | undefined) {
    const wait = yield* StoredWait.make(operationId, options, accountId)
    const executionId = yield* WaitWorkflow.executionId({ wait })
    const payload = yield* executions.payload(executionId)
    const known = Option.flatMap(payload, decodePayload)
    const differing = Option.isSome(known) ? StoredWait.differences(known.value.wait, wait) : []
    if (differing.length > 0) yield* Effect.logWarning(joinedText(operationId, differing))
    return { executionId, payload: { wait } }
  })

  const wait = Effect.fn("DurablePoller.wait")(
    function*(operationId: string, options?: WaitOptions) {
      const { executionId, payload } = yield* request(operationId, options)
      return yield* executions.awaiting(executionId, WaitWorkflow.execute(payload))
    },
    withEngine,
    StoreDefect.named
  )

  const start = Effect.fn("DurablePoller.start")(
    function*(operationId: string, options?: WaitOptions) {
      const { payload } = yield* request(operationId, options)
      return yield* WaitWorkflow.execute(payload, { discard: true })
    },
    withEngine,
    StoreDefect.named
  )

  const poll = Effect.fn("DurablePoller.poll")((executionId: string) =>
    StoreDefect.named(Effect.map(executions.state(executionId), statusOf))
  )
  const cancel = Effect.fn("DurablePoller.cancel")((executionId: string) =>
    StoreDefect.named(executions.cancel(executionId))
  )
  const forget = Effect.fn("DurablePoller.forget")((executionId: string) =>
    StoreDefect.named(executions.forget(executionId))
  )

  return DurablePoller.of({ wait, start, poll, cancel, forget })
})

const decodePayload = Schema.decodeUnknownOption(Schema.toCodecJson(WaitWorkflow.payloadSchema))

const joinedText = (operationId: string, differing: ReadonlyArray<string>) =>
  `A wait for bulk operation ${operationId} until the same deadline is under way with another ${
    differing.join(", ")
  }. ` +
  "It is joined, and keeps the options that it was begun with. A wait with another timeout is one of its own."

const statusOf = (state: Execution.State<Completed, WaitError>): WaitStatus.WaitStatus => {
  if (state._tag !== "Ended") return state._tag === "Unknown" ? WaitStatus.Unknown() : WaitStatus.UnderWay()
  const { exit } = state
  if (Exit.isSuccess(exit)) return WaitStatus.Ended({ result: Result.succeed(exit.value) })
  const error = Exit.findErrorOption(exit)
  if (Option.isSome(error)) return WaitStatus.Ended({ result: Result.fail(error.value) })
  return Cause.hasInterruptsOnly(exit.cause)
    ? WaitStatus.Cancelled()
    : WaitStatus.Died({ cause: Cause.squash(exit.cause) })
}

const layerOf = <R>(accountId: Effect.Effect<string | undefined, never, R>) =>
  Layer.effect(DurablePoller, Effect.flatMap(accountId, make)).pipe(
    Layer.provideMerge(layerWorkflow),
    Layer.provide(ClusterWorkflowEngine.layer)
  )

/**
 * Durable waits over any cluster of Effect's: what its `MessageStorage` keeps decides what they survive.
 *
 * `layerSqlite` of `@bulk-operations/durable/sqlite` is all of it for one process. For several, give them a database in
 * common, such as PostgreSQL by `@effect/sql-pg`, and the settings of `ShardingDefaults`.
 */
export const layer: Layer.Layer<
  DurablePoller,
  never,
  BulkOperationPoller.BulkOperationPoller | BulkOperations | Sharding.Sharding | MessageStorage.MessageStorage
> = layerOf(Effect.map(BulkOperations, ({ accountId }) => accountId))

const layerClusterMemory = Sharding.layer.pipe(
  Layer.provideMerge(Runners.layerNoop),
  Layer.provideMerge(MessageStorage.layerMemory),
  Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  // A test's clock stands still when its layers close.
  Layer.provide(ShardingConfig.layer({ ...shardingDefaults, entityTerminationTimeout: 0 }))
)

/**
 * The same with a store in memory, which survives nothing: for tests that move a clock.
 *
 * @example
 * import { BulkOperationsTest } from "@bulk-operations/core/testing"
 * import { DurablePoller } from "@bulk-operations/durable"
 * import { BulkOperationPoller } from "@bulk-operations/poll"
 * import { Effect, Layer } from "effect"
 *
 * const program = DurablePoller.DurablePoller.use((poller) => poller.wait("op-1", { timeout: "1 hour" }))
 * const layer = DurablePoller.layerMemory.pipe(
 *   Layer.provide(BulkOperationPoller.layer),
 *   Layer.provide(BulkOperationsTest.layer({ "op-1": ["completed"] }))
 * )
 *
 * (await Effect.runPromise(Effect.provide(program, layer))).status // => "completed"
 */
export const layerMemory: Layer.Layer<
  DurablePoller,
  never,
  BulkOperationPoller.BulkOperationPoller | BulkOperations
> = Layer.provide(layer, layerClusterMemory)

/**
 * Durable waits for tests that want no clock: every wait ends at once, as its id says; see `layerTest` of
 * `BulkOperationPoller`.
 *
 * @example
 * import { DurablePoller } from "@bulk-operations/durable"
 * import { Effect } from "effect"
 *
 * const program = DurablePoller.DurablePoller.use((poller) => poller.wait("op-1"))
 *
 * (await Effect.runPromise(Effect.provide(program, DurablePoller.layerTest({ "op-1": "completed" })))).status // => "completed"
 */
export const layerTest = (
  endings: Readonly<Record<string, BulkOperationPoller.TestEnding>>,
  options?: { readonly accountId?: string | undefined }
): Layer.Layer<DurablePoller> =>
  layerOf(Effect.succeed(options?.accountId ?? "account")).pipe(
    Layer.provide([BulkOperationPoller.layerTest(endings, options), layerClusterMemory])
  )
