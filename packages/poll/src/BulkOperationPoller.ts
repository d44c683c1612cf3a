/**
 * Waiting for bulk operations.
 *
 * `wait` is one effect for one operation; `changes` tells how it goes; `waitAll` and `settle` are for many. All waits of
 * a poller share their looks: those for the same operation are one, and all of them together keep to one budget of
 * requests.
 */
import type { BulkOperation, Completed, Terminal } from "@bulk-operations/core/BulkOperation"
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Queue from "effect/Queue"
import type * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Alarm from "./internal/alarm.ts"
import * as Measure from "./internal/measure.ts"
import * as Pacer from "./internal/pacer.ts"
import type * as Plan from "./internal/plan.ts"
import type { GaveUp, Subscriber, Watch } from "./internal/watch.ts"
import * as Watcher from "./internal/watcher.ts"
import { PollBudget } from "./PollBudget.ts"
import { type Options, PollOptions } from "./PollOptions.ts"
import { BulkOperationFailed, PollTimeout } from "./WaitError.ts"

/** What can be said about one wait; whatever is left out is as `PollOptions` has it. */
export interface WaitOptions extends Partial<{ readonly [K in keyof Options]: Options[K] | undefined }> {
  /** The account of the operation. Default the one of `BulkOperations`. */
  readonly accountId?: string | undefined
  /**
   * When the operation was started, if that is known: where its schedule counts from. One that was just started is
   * looked at after the first gap, for it cannot have ended yet; one that is older goes on with the gaps of its age.
   * Default unknown: the first look is at once.
   */
  readonly startedAt?: DateTime.DateTime | undefined
}

/** How one of several operations ended. */
export interface Settled {
  readonly operationId: string
  readonly result: Result.Result<Completed, BulkOperationFailed | PollTimeout | CloudflareError>
}

/** Waits for bulk operations. */
export class BulkOperationPoller extends Context.Service<BulkOperationPoller, {
  /**
   * The operation, once it has completed.
   *
   * Fails with `BulkOperationFailed` if it failed, with `PollTimeout` if it did not end in time, and with a
   * `CloudflareError` if the answers are trouble that cannot pass or that lasts longer than `tolerance`. Interrupting it
   * leaves other waits for the operation alone; with the last one the looks stop.
   */
  readonly wait: (
    operationId: string,
    options?: WaitOptions
  ) => Effect.Effect<Completed, BulkOperationFailed | PollTimeout | CloudflareError>

  /**
   * The operation as it is now, and again each time its status has changed. Ends with the terminal one: a failed
   * operation is an element here, no error.
   */
  readonly changes: (
    operationId: string,
    options?: WaitOptions
  ) => Stream.Stream<BulkOperation, PollTimeout | CloudflareError>

  /** All of the operations, in the order of their ids, once they have completed. Fails as soon as one of them does. */
  readonly waitAll: (
    operationIds: Iterable<string>,
    options?: WaitOptions
  ) => Effect.Effect<Array<Completed>, BulkOperationFailed | PollTimeout | CloudflareError>

  /** How each of the operations ended, in the order in which they end. One result for each id, duplicates included. */
  readonly settle: (operationIds: Iterable<string>, options?: WaitOptions) => Stream.Stream<Settled>
}>()("@bulk-operations/poll/BulkOperationPoller") {}

/** A poller over `BulkOperations`. Takes the `RateLimiter` of its context for its budget, or one of its own. */
export const make = Effect.gen(function*() {
  const operations = yield* BulkOperations
  const clock = yield* Clock.Clock
  const budget = yield* PollBudget
  const limiter = yield* Effect.serviceOption(RateLimiter.RateLimiter).pipe(
    Effect.flatMap(Effect.fromOption),
    Effect.catch(() => Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory))
  )
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const watcher = Watcher.make({
    operations,
    clock,
    fork,
    pacer: (launch: (watch: Watch) => void) => Pacer.make({ clock, fork, limiter, budget, launch })
  })
  yield* Effect.addFinalizer(() => Effect.sync(watcher.stop))

  const now = () => clock.currentTimeMillisUnsafe()
  const elapsed = ({ since }: Subscriber) => Math.round(Alarm.monotonicMillis(clock) - since)

  // The operation once it has ended, well or not.
  const follow = (
    span: Tracer.Span,
    operationId: string,
    options: WaitOptions | undefined,
    onChange: (operation: BulkOperation) => void
  ) =>
    Effect.withFiber<Terminal, PollTimeout | CloudflareError>((fiber) => {
      const began = now()
      const accountId = options?.accountId ?? operations.accountId
      const startedAt = options?.startedAt && DateTime.toEpochMillis(options.startedAt)
      const request = { operationId, accountId, startedAt, ...resolve(options, fiber.getRef(PollOptions)) }
      span.attribute("cloudflare.operation_id", operationId)
      span.attribute("cloudflare.account_id", accountId)
      return Effect.flatMap(
        watcher.plan(request),
        (plan) => attend({ request, plan, began, span, onChange, context: fiber.context })
      )
    })

  // A wait holds nothing but this while it lasts: no fiber, no timer and few closures of its own.
  const attend = ({ began, context, onChange, plan, request, span }: {
    readonly request: Watcher.Request
    readonly plan: Plan.Plan
    readonly began: number
    readonly span: Tracer.Span
    readonly onChange: (operation: BulkOperation) => void
    readonly context: Context.Context<never>
  }) => {
    let subscriber: Subscriber | undefined
    return Effect.callback<Terminal, PollTimeout | CloudflareError>((resume) => {
      Measure.waitBegan(context)
      const joined = watcher.join(request, plan, context, {
        onChange: (operation) => {
          span.event(operation.status, clock.currentTimeNanosUnsafe())
          onChange(operation)
        },
        onEnd: (ending, subscriber) =>
          resume(
            ending._tag === "GaveUp"
              ? Effect.suspend(() => Effect.fail(timeoutOf(request, began, subscriber, ending)))
              : ending
          )
      })
      subscriber = joined
      return Effect.sync(() => watcher.leave(joined))
    }).pipe(Effect.onExit((exit) =>
      Effect.sync(() => {
        if (subscriber === undefined) return
        const lateness = Exit.isSuccess(exit) ? latenessOf(exit.value, began) : undefined
        Measure.waitEnded(context, { outcome: outcomeOf(exit), duration: elapsed(subscriber), lateness })
        span.attribute("bulk_operation.polls", subscriber.watch.polls - subscriber.pollsBefore)
        if (lateness !== undefined) span.attribute("bulk_operation.lateness_ms", lateness)
      })
    ))
  }

  const timeoutOf = (
    { accountId, operationId, startedAt }: Watcher.Request,
    began: number,
    subscriber: Subscriber,
    { endedBy }: GaveUp
  ) =>
    new PollTimeout({
      operationId,
      accountId,
      startedAt: DateTime.makeUnsafe(startedAt ?? began),
      last: Option.fromUndefinedOr(subscriber.watch.last),
      polls: subscriber.watch.polls - subscriber.pollsBefore,
      elapsed: Duration.millis(elapsed(subscriber)),
      endedBy,
      lastError: Option.fromUndefinedOr(subscriber.watch.trouble?.error)
    })

  // How long the end was there to be seen; a wait that began after it could not have seen it before.
  const latenessOf = (operation: Terminal, began: number): number | undefined => {
    const offset = watcher.clockOffset()
    return Option.getOrUndefined(
      Option.map(
        operation.completed,
        (completed) => Math.max(0, now() + offset - Math.max(DateTime.toEpochMillis(completed), began + offset))
      )
    )
  }

  const wait = (operationId: string, options?: WaitOptions) =>
    spanned(
      "BulkOperationPoller.wait",
      (span) => Effect.flatMap(follow(span, operationId, options, constVoid), completedOrFail)
    )

  const changes = (operationId: string, options?: WaitOptions) =>
    Stream.callback<BulkOperation, PollTimeout | CloudflareError>((queue) =>
      Effect.andThen(
        spanned("BulkOperationPoller.changes", (span) =>
          follow(span, operationId, options, (operation) => Queue.offerUnsafe(queue, operation))),
        Queue.end(queue)
      )
    )

  const waitAll = Effect.fn("BulkOperationPoller.waitAll")(
    (operationIds: Iterable<string>, options?: WaitOptions) =>
      Effect.forEach(operationIds, (operationId) => wait(operationId, options), { concurrency: "unbounded" })
  )

  const settle = (operationIds: Iterable<string>, options?: WaitOptions) =>
    Stream.fromIterable(operationIds).pipe(
      Stream.mapEffect(
        (operationId) =>
          Effect.map(Effect.result(wait(operationId, options)), (result): Settled => ({ operationId, result })),
        { concurrency: "unbounded", unordered: true }
      )
    )

  return BulkOperationPoller.of({ wait, changes, waitAll, settle })
})

// `Effect.fn` would keep the stack of every call: a kilobyte for each wait.
const spanned = <A, E>(name: string, use: (span: Tracer.Span) => Effect.Effect<A, E>) =>
  Effect.useSpan(name, (span) => Effect.withParentSpan(use(span), span, { captureStackTrace: false }))

const completedOrFail = (operation: Terminal): Effect.Effect<Completed, BulkOperationFailed> =>
  operation.status === "completed" ? Effect.succeed(operation) : Effect.fail(new BulkOperationFailed({ operation }))

const resolve = (options: WaitOptions | undefined, defaults: Options) => ({
  schedule: options?.schedule ?? defaults.schedule,
  troubleSchedule: options?.troubleSchedule ?? defaults.troubleSchedule,
  timeout: millis(options?.timeout ?? defaults.timeout),
  tolerance: millis(options?.tolerance ?? defaults.tolerance),
  notFoundGrace: millis(options?.notFoundGrace ?? defaults.notFoundGrace)
})

const millis = (duration: Duration.Input) => Math.max(0, Duration.toMillis(Duration.fromInputUnsafe(duration)))

const outcomeOf = (exit: Exit.Exit<Terminal, PollTimeout | CloudflareError>): Measure.Outcome =>
  Exit.isSuccess(exit)
    ? exit.value.status
    : Exit.hasInterrupts(exit)
    ? "interrupted"
    : Option.match(Exit.findErrorOption(exit), {
      onNone: () => "error",
      onSome: ({ _tag }) => _tag === "PollTimeout" ? "timeout" : "error"
    })

/** A poller over `BulkOperations`, with the budget of `PollBudget`. */
export const layer: Layer.Layer<BulkOperationPoller, never, BulkOperations> = Layer.effect(BulkOperationPoller, make)
