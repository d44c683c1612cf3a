/**
 * Waiting for bulk operations.
 *
 * `wait` is one effect for one operation, and `run` starts it as well; `changes` and `progress` show how it goes;
 * `waitAll` and `settle` are for many. All waits of a poller share their polls: those for the same operation are one, and
 * all of them together keep to one budget of requests.
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

/** What can be said about one wait; whatever is left out is as `PollOptions` has it. */
export interface WaitOptions extends PartialOptions {
  /** The account of the operation. Default the one of `BulkOperations`. */
  readonly accountId?: string | undefined
  /**
   * When the operation was started, if that is known: where its schedule counts from. One that was just started is polled
   * after the first gap, for it cannot have ended yet; an older one is polled at once, then at the gaps of its age.
   * Default unknown: the first poll is at once, and the schedule counts from there.
   */
  readonly startedAt?: DateTime.DateTime | undefined
}

/** What can be said about an operation that `run` starts: it knows by itself when that was. */
export type RunOptions = Omit<WaitOptions, "startedAt">

/** An operation to wait for: its id, or its id with options of its own. */
export type Target = string | (WaitOptions & { readonly operationId: string })

/** How one of several operations ended. */
export interface Settled {
  readonly operationId: string
  readonly accountId: string | undefined
  readonly result: Result.Result<Completed, WaitError>
}

export type { TestEnding } from "./internal/followTest.ts"

/** What can be said about many waits. */
export interface SettleOptions extends WaitOptions {
  /** How many waits may be on at once: a whole number of 1 or more. Default 1,000. */
  readonly concurrency?: number | "unbounded" | undefined
}

/** Waits for bulk operations. */
export class BulkOperationPoller extends Context.Service<BulkOperationPoller, {
  /**
   * The operation, once it has completed.
   *
   * Fails with `BulkOperationFailed` if it failed, with `PollTimeout` if it did not end in time, and with a
   * `CloudflareError` if a poll met an error that cannot pass, or transient errors lasted longer than `tolerance`.
   * Interrupting it leaves other waits for the operation alone; with the last one the polls stop.
   *
   * Polls run in the context of the poller: credentials, `RequestPolicy` and logger are those that its layer was built
   * with, whoever waits.
   */
  readonly wait: (operationId: string, options?: WaitOptions) => Effect.Effect<Completed, WaitError>

  /**
   * Starts an operation and waits for it: the operation that `start` gives the id of, once it has completed.
   *
   * The operation counts as started when `start` has succeeded, so that retries and an upload within it are no part of
   * its duration. Fails as `start` does, and then as `wait`.
   *
   * Interrupted while `start` is under way, it stops there: whether Cloudflare has begun an operation by then nobody
   * knows, and its id is lost. Interrupted later, it leaves the operation to go on. Make `start` uninterruptible, and keep
   * the id in it, if it must not get lost.
   */
  readonly run: <E, R>(
    start: Effect.Effect<string, E, R>,
    options?: RunOptions
  ) => Effect.Effect<Completed, E | WaitError, R>

  /**
   * The operation as it is now, and again each time its status has changed. Ends with the terminal one: a failed
   * operation is an element here, no error.
   */
  readonly changes: (
    operationId: string,
    options?: WaitOptions
  ) => Stream.Stream<BulkOperation, PollTimeout | CloudflareError>

  /**
   * How the wait is getting on: an element after each poll, with the time of the next one and the transient error that
   * was met, and one when a poll is late because the request budget is short. Ends as `changes` does. Whoever takes its
   * elements slowly gets the latest ones.
   */
  readonly progress: (
    operationId: string,
    options?: WaitOptions
  ) => Stream.Stream<PollProgress, PollTimeout | CloudflareError>

  /**
   * All of the operations, in the order of their ids, once they have completed. Fails as soon as one of them does, with
   * an error that says which one; the other waits are interrupted.
   */
  readonly waitAll: (
    operations: Iterable<Target>,
    options?: WaitOptions
  ) => Effect.Effect<Array<Completed>, WaitAllError>

  /**
   * How each of the operations ended, in the order in which they end. One result for each id, duplicates included. Ids
   * are pulled only as waits begin, so that there may be any number of them.
   */
  readonly settle: <E = never, R = never>(
    operations: Iterable<Target> | Stream.Stream<Target, E, R>,
    options?: SettleOptions
  ) => Stream.Stream<Settled, E, R>
}>()("@bulk-operations/poll/BulkOperationPoller") {}

// All of a poller, made of one way to follow one operation.
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
      Effect.forEach(operations, (target) => {
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
    // One at a time: a chunk of an infinite iterable would never be full.
    const targets: Stream.Stream<Target, E, R> = Stream.isStream(operations)
      ? operations
      : Stream.fromIterable(operations, { chunkSize: 1 })
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
 * A poller over `BulkOperations`, which ends with its scope. It learns from the `PollHistory` of its context and adds to
 * it; where there is none it keeps one in memory.
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
 * A poller for tests that want no clock: every wait ends at once, as its id says. Any other id is `NotFound`. Options are
 * checked as by `layer`.
 *
 * For waits that take their time there is `BulkOperationsTest.layer` of `@bulk-operations/core/testing`, under `layer`.
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
