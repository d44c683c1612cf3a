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

/** Options of a durable wait: those that can be stored. All others come from the runner's `PollOptions`. */
export interface WaitOptions {
  /** The account of the operation. Default: the account of `BulkOperations`. */
  readonly accountId?: string | undefined
  /**
   * When the operation was started, if known: its schedule and timeout count from that time. Store it with the
   * operation's id: a later call with the same `startedAt` and `timeout` joins the same wait. Default: unknown; both
   * count from now, and a later call makes a new wait.
   */
  readonly startedAt?: DateTime.DateTime | undefined
  /**
   * How long after `startedAt` the wait times out, even if processes die meanwhile. Default as in `PollOptions`, 1
   * hour; `"Infinity"` for no limit.
   */
  readonly timeout?: Duration.Input | undefined
  /** The `requestCost` of `PollSchedule.quadratic`. Default: the schedule of the runner's `PollOptions`. */
  readonly requestCost?: Duration.Input | undefined
  /**
   * How long transient errors may last, counted again by a process that resumes the wait. Default as in `PollOptions`.
   */
  readonly tolerance?: Duration.Input | undefined
  /** How long `NotFound` counts as transient, counted like `tolerance`. Default as in `PollOptions`. */
  readonly notFoundGrace?: Duration.Input | undefined
}

/**
 * Durable waits for bulk operations: they continue when the process restarts, or in another process.
 *
 * A wait is identified by its account, its operation and its deadline. A call for an existing wait joins it, whether it
 * is under way or has ended. The wait keeps the options of its first call; a warning is logged if they differ.
 */
export class DurablePoller extends Context.Service<DurablePoller, {
  /**
   * Returns the operation once it has completed. Fails like `wait` of `BulkOperationPoller`; the `polls` of a
   * `PollTimeout` count only those of the last process.
   *
   * Interrupting this call does not end the durable wait; `cancel` does. If a wait is cancelled, its callers are
   * interrupted. Dies with `StoreError` if the store fails.
   */
  readonly wait: (operationId: string, options?: WaitOptions) => Effect.Effect<Completed, WaitError>

  /** Begins a wait and returns its execution id once the wait is stored. */
  readonly start: (operationId: string, options?: WaitOptions) => Effect.Effect<string>

  /**
   * The status of a wait in the store, by the execution id from `start`: that of its operation is `Unknown`. Sends
   * nothing to Cloudflare.
   */
  readonly status: (executionId: string) => Effect.Effect<WaitStatus.WaitStatus>

  /**
   * Ends a wait at once, even during a request, and returns when it has ended. **Gotcha:** if no process works on the
   * store, that is when one does. An ended wait does not change. The bulk operation itself cannot be cancelled and
   * continues.
   */
  readonly cancel: (executionId: string) => Effect.Effect<void>

  /**
   * Removes an ended wait from the store, and returns whether it is gone. A wait under way stays: cancel it first.
   * Nothing else ever removes anything from the store.
   *
   * Returns once all callers in this process have received its end. **Gotcha:** a caller that waits in another process
   * at that time waits for ever, so forget a wait in the process that acts on it.
   *
   * **Gotcha:** a runner remembers a cancelled wait for about half a minute. The same wait, started again before then,
   * is cancelled too.
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

  const status = Effect.fn("DurablePoller.status")((executionId: string) =>
    StoreDefect.named(Effect.map(executions.state(executionId), statusOf))
  )
  const cancel = Effect.fn("DurablePoller.cancel")((executionId: string) =>
    StoreDefect.named(executions.cancel(executionId))
  )
  const forget = Effect.fn("DurablePoller.forget")((executionId: string) =>
    StoreDefect.named(executions.forget(executionId))
  )

  return DurablePoller.of({ wait, start, status, cancel, forget })
})

const decodePayload = Schema.decodeUnknownOption(Schema.toCodecJson(WaitWorkflow.payloadSchema))

const joinedText = (operationId: string, differing: ReadonlyArray<string>) =>
  `A wait for bulk operation ${operationId} until the same deadline is under way with another ${
    differing.join(", ")
  }. ` +
  "This call joins it, and the options of the first call stay in effect. Another timeout makes a new wait."

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
 * Durable waits over any Effect cluster: its `MessageStorage` decides what they survive.
 *
 * For one process, use `layerSqlite` of `@bulk-operations/durable/sqlite`. For several, use a shared database, such as
 * PostgreSQL with `@effect/sql-pg`, and the settings of `ShardingDefaults`.
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
  // A test's clock does not advance while its layers close.
  Layer.provide(ShardingConfig.layer({ ...shardingDefaults, entityTerminationTimeout: 0 }))
)

/**
 * Durable waits with a store in memory, which survives nothing: for tests with `TestClock`.
 *
 * **Gotcha:** the id of a wait is hashed in real time. A test that forks `wait` and moves its clock at once may move it
 * before the wait has begun: call `start` first, which returns when it has.
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
 * Durable waits for tests that need no clock: every wait ends at once with the ending given for its id; see `layerTest`
 * of `BulkOperationPoller`.
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
