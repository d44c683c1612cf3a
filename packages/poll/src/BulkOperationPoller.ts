/**
 * Waiting for bulk operations.
 *
 * `wait` waits for one operation, and `run` starts it as well. `changes` and `progress` stream its progress. `waitAll`
 * and `settle` wait for many. Waits for the same operation share their polls, and all waits of a poller share one
 * request budget.
 */
import type { BulkOperation, Completed, Terminal } from "@bulk-operations/core/BulkOperation"
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Engine from "./internal/engine.ts"
import type { Follow } from "./internal/follow.ts"
import { followTest, type TestEnding } from "./internal/followTest.ts"
import * as Targets from "./internal/target.ts"
import type { PartialOptions } from "./PollOptions.ts"
import type { PollProgress } from "./PollProgress.ts"
import { BulkOperationFailed, type PollTimeout, WaitAllError, type WaitError } from "./WaitError.ts"

/** Options of one wait; those left out come from `PollOptions`. */
export interface WaitOptions extends PartialOptions {
  /** The account of the operation. Default: the account of `BulkOperations`. */
  readonly accountId?: string | undefined
  /**
   * When the operation was started, if known: the schedule counts from that time. An operation that was just started is
   * polled after the first gap, because it cannot have ended yet. An older one is polled at once, then with the gaps
   * for its age. Default: unknown; the first poll is sent at once, and the schedule counts from there.
   */
  readonly startedAt?: DateTime.DateTime | undefined
}

/** Options of `run`, which knows the start time itself. */
export type RunOptions = Omit<WaitOptions, "startedAt">

/** An operation to wait for: its id, or its id with its own options. Where there can be several, a string is one. */
export type Target = string | (WaitOptions & { readonly operationId: string })

/** How one of several operations ended. */
export interface Settled {
  readonly operationId: string
  readonly accountId: string | undefined
  readonly result: Result.Result<Completed, WaitError>
}

export type { TestEnding } from "./internal/followTest.ts"

/** Options of `settle`. */
export interface SettleOptions extends WaitOptions {
  /** How many waits may run at once: a whole number of 1 or more. Default 1,000. */
  readonly concurrency?: number | "unbounded" | undefined
}

/** Waits for bulk operations. */
export class BulkOperationPoller extends Context.Service<BulkOperationPoller, {
  /**
   * Returns the operation once it has completed.
   *
   * Fails with `BulkOperationFailed` if the operation failed, with `PollTimeout` if it did not end in time, and with a
   * `CloudflareError` if a poll met a permanent error or transient errors lasted longer than `tolerance`. Interrupting
   * a wait does not affect other waits for the operation; polling stops with the last one.
   *
   * Polls run in the poller's context: they use the credentials, `RequestPolicy` and logger that its layer was built
   * with, not those of the caller.
   */
  readonly wait: (operationId: string, options?: WaitOptions) => Effect.Effect<Completed, WaitError>

  /**
   * Starts an operation and waits for it. `start` returns the operation's id.
   *
   * The operation counts as started when `start` has succeeded, so retries and uploads within `start` are not part of
   * its duration. Fails with the errors of `start` and of `wait`.
   *
   * If interrupted while `start` is under way, Cloudflare may have begun an operation whose id is lost. To prevent
   * that, make `start` uninterruptible and store the id in it. If interrupted later, the operation continues.
   */
  readonly run: <E, R>(
    start: Effect.Effect<string, E, R>,
    options?: RunOptions
  ) => Effect.Effect<Completed, E | WaitError, R>

  /**
   * Emits the operation as it is now, and again after each change of its status. Ends with the terminal operation: a
   * failed operation is an element here, not an error.
   */
  readonly changes: (
    operationId: string,
    options?: WaitOptions
  ) => Stream.Stream<BulkOperation, PollTimeout | CloudflareError>

  /**
   * Emits an element after each poll, with the time of the next poll and any transient error, and one when a poll is
   * delayed by a short request budget. Ends like `changes`. A slow reader gets the latest 16 elements.
   */
  readonly progress: (
    operationId: string,
    options?: WaitOptions
  ) => Stream.Stream<PollProgress, PollTimeout | CloudflareError>

  /**
   * Returns all operations, in the order given, once they have completed. Fails as soon as one of them fails, with an
   * error that names it; the other waits are interrupted.
   */
  readonly waitAll: (
    operations: Iterable<Target>,
    options?: WaitOptions
  ) => Effect.Effect<Array<Completed>, WaitAllError>

  /**
   * Emits one result for each operation, in the order they end, duplicates included. Ids are pulled only as waits
   * begin, so there may be any number of them.
   */
  readonly settle: <E = never, R = never>(
    operations: Iterable<Target> | Stream.Stream<Target, E, R>,
    options?: SettleOptions
  ) => Stream.Stream<Settled, E, R>
}>()("@bulk-operations/poll/BulkOperationPoller") {}

// All calls of a poller are built on one way to follow one operation.
const fromFollow = (accountId: string | undefined, follow: Follow) => {
  const wait = (operationId: string, options?: WaitOptions) =>
    Effect.flatMap(
      follow("BulkOperationPoller.wait", operationId, options, { onChange: constVoid }),
      completedOrFail
    )

  const run = Effect.fn("BulkOperationPoller.run")(
    function*<E, R>(start: Effect.Effect<string, E, R>, options?: RunOptions) {
      const operationId = yield* start
      return yield* wait(operationId, { ...options, startedAt: yield* DateTime.now })
    }
  )

  const changes = (operationId: string, options?: WaitOptions) =>
    Stream.callback<BulkOperation, PollTimeout | CloudflareError>((queue) => {
      const onChange = (operation: BulkOperation) => Queue.offerUnsafe(queue, operation)
      const followed = follow("BulkOperationPoller.changes", operationId, options, { onChange })
      return Effect.andThen(followed, Queue.end(queue))
    })

  const progress = (operationId: string, options?: WaitOptions) =>
    Stream.callback<PollProgress, PollTimeout | CloudflareError>((queue) => {
      const onProgress = (progress: PollProgress) => Queue.offerUnsafe(queue, progress)
      const followed = follow("BulkOperationPoller.progress", operationId, options, { onChange: constVoid, onProgress })
      return Effect.andThen(followed, Queue.end(queue))
    }, { bufferSize: 16, strategy: "sliding" })

  const waitAll = Effect.fn("BulkOperationPoller.waitAll")(
    (operations: Iterable<Target>, options?: WaitOptions) =>
      Effect.forEach(Targets.all(operations), (target) => {
        const { operationId, ...own } = Targets.whole(target, options)
        return Effect.mapError(
          wait(operationId, own),
          (reason) => new WaitAllError({ operationId, accountId: own.accountId ?? accountId, reason })
        )
      }, { concurrency: "unbounded" })
  )

  const settle = <E = never, R = never>(
    operations: Iterable<Target> | Stream.Stream<Target, E, R>,
    options?: SettleOptions
  ): Stream.Stream<Settled, E, R> => {
    const { concurrency = 1000, ...common } = options ?? {}
    const settled = (target: Target) => {
      const { operationId, ...own } = Targets.whole(target, common)
      return Effect.map(
        Effect.result(wait(operationId, own)),
        (result): Settled => ({ operationId, accountId: own.accountId ?? accountId, result })
      )
    }
    // Chunks of one: waits begin before the iterable has filled a larger chunk.
    const targets: Stream.Stream<Target, E, R> = Stream.isStream(operations)
      ? operations
      : Stream.fromIterable(Targets.all(operations), { chunkSize: 1 })
    return Stream.suspend(() =>
      Stream.mapEffect(targets, settled, { concurrency: concurrencyOf(concurrency), unordered: true })
    )
  }

  return BulkOperationPoller.of({ wait, run, changes, progress, waitAll, settle })
}

const concurrencyOf = (value: number | "unbounded"): number | "unbounded" => {
  if (value === "unbounded" || value === Number.POSITIVE_INFINITY) return "unbounded"
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new RangeError(`concurrency is ${value}. It must be a whole number of 1 or more.`)
}

const completedOrFail = (operation: Terminal): Effect.Effect<Completed, BulkOperationFailed> =>
  operation.status === "completed" ? Effect.succeed(operation) : Effect.fail(new BulkOperationFailed({ operation }))

/**
 * A poller over `BulkOperations` that ends with its scope. It learns from the `PollHistory` in its context and adds to
 * it. Without one, it keeps a history in memory.
 *
 * @example
 * import { BulkOperationsTest } from "@bulk-operations/core/testing"
 * import { BulkOperationPoller } from "@bulk-operations/poll"
 * import { Effect } from "effect"
 *
 * // For a single wait, without a layer: the poller ends with the scope.
 * const wait = Effect.gen(function*() {
 *   const poller = yield* BulkOperationPoller.make
 *   return (yield* poller.wait("op-1")).status
 * })
 * const scripted = BulkOperationsTest.layer({ "op-1": ["completed"] })
 *
 * await Effect.runPromise(Effect.provide(Effect.scoped(wait), scripted)) // => "completed"
 */
export const make = Effect.gen(function*() {
  const { accountId } = yield* BulkOperations
  return fromFollow(accountId, yield* Engine.make)
})

/** A poller over `BulkOperations`; see `make`. */
export const layer: Layer.Layer<BulkOperationPoller, never, BulkOperations> = Layer.effect(BulkOperationPoller, make)

/**
 * A poller for tests that need no clock: every wait ends at once with the ending given for its id. Any other id fails
 * with `NotFound`. Options are checked as in `layer`.
 *
 * To test waits that take time, provide `BulkOperationsTest.layer` of `@bulk-operations/core/testing` to `layer`.
 *
 * @example
 * import { BulkOperationPoller } from "@bulk-operations/poll"
 * import { Effect } from "effect"
 *
 * const program = BulkOperationPoller.BulkOperationPoller.use((poller) => poller.wait("op-1"))
 * const layer = BulkOperationPoller.layerTest({ "op-1": "completed", "op-2": { failed: "This list is full" } })
 *
 * (await Effect.runPromise(Effect.provide(program, layer))).status // => "completed"
 */
export const layerTest = (
  endings: Readonly<Record<string, TestEnding>>,
  options?: { readonly accountId?: string | undefined }
): Layer.Layer<BulkOperationPoller> => {
  const accountId = options?.accountId ?? "account"
  return Layer.succeed(BulkOperationPoller, fromFollow(accountId, followTest(endings, accountId)))
}
