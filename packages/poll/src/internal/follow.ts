/** One wait from the caller's side: checked options, a span, metrics, progress, and the errors of `WaitError`. */
import type { BulkOperation, Terminal } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as PollOptions from "../PollOptions.ts"
import type { PollProgress } from "../PollProgress.ts"
import * as Wait from "../Wait.ts"
import { PollTimeout } from "../WaitError.ts"
import * as Alarm from "./alarm.ts"
import * as Measure from "./measure.ts"
import * as Request from "./request.ts"
import type * as Waiter from "./waiter.ts"
import type * as Waiting from "./waiting.ts"

/** Is notified of the progress of a wait, in the caller's fiber. */
export interface Listener {
  readonly onChange: (operation: BulkOperation) => void
  readonly onProgress?: (progress: PollProgress) => void
}

/** Returns the operation once it has ended, completed or failed, under a span with the given name. */
export type Follow = (
  name: string,
  operationId: string,
  options: Request.Options | undefined,
  listener: Listener
) => Effect.Effect<Terminal, PollTimeout | CloudflareError>

export interface Environment {
  readonly accountId: string | undefined
  readonly clock: Clock.Clock
  readonly run: Waiting.Run
  /** How many milliseconds Cloudflare's clock is ahead of ours. */
  readonly clockOffset: () => number
}

export const make = (environment: Environment): Follow => (name, operationId, options, listener) =>
  // `Effect.fn` would keep the stack of every call: a kilobyte for each wait.
  Effect.useSpan(name, (span) =>
    Effect.withFiber((fiber) => {
      const { clock, run } = environment
      const since = Alarm.monotonicMillis(clock)
      const began = clock.currentTimeMillisUnsafe()
      const accountId = options?.accountId ?? environment.accountId
      const request = Request.make(operationId, accountId, options, fiber.getRef(PollOptions.PollOptions), began)
      span.attribute("cloudflare.operation_id", operationId)
      span.attribute("cloudflare.account_id", accountId)
      const { context } = fiber
      let hasBegun = false
      const followed = Effect.suspend(() => {
        hasBegun = true
        Measure.waitBegan(context)
        return Request.warnOfAge(request, began).pipe(
          Effect.andThen(run(request, span, listenerOf(environment, request, span, listener))),
          Effect.flatMap((ended) => resultOf(request, began, ended))
        )
      })
      // An interrupt may come between any two steps, before the first as well.
      return Effect.onExit(followed, (exit) =>
        Effect.sync(() => {
          if (!hasBegun) return
          const lateness = Exit.isSuccess(exit) ? latenessOf(environment, exit.value, began) : undefined
          const duration = Alarm.monotonicMillis(clock) - since
          Measure.waitEnded(context, { outcome: outcomeOf(exit), duration, lateness })
          if (lateness !== undefined) span.attribute("bulk_operation.lateness_ms", lateness)
        }))
    })).pipe(
      // The feed notifies all other waits before the application continues.
      Effect.ensuring(Effect.yieldNow)
    )

// Detection lateness, counted from the beginning of the wait if the operation ended before that.
const latenessOf = ({ clock, clockOffset }: Environment, operation: Terminal, began: number): number | undefined => {
  const offset = clockOffset()
  return Option.getOrUndefined(
    Option.map(operation.completed, (completed) =>
      Math.max(
        0,
        clock.currentTimeMillisUnsafe() + offset - Math.max(DateTime.toEpochMillis(completed), began + offset)
      ))
  )
}

const outcomeOf = (exit: Exit.Exit<Terminal, PollTimeout | CloudflareError>): Measure.Outcome =>
  Exit.isSuccess(exit)
    ? exit.value.status
    : Exit.hasInterrupts(exit)
    ? "interrupted"
    : Option.match(Exit.findErrorOption(exit), {
      onNone: () => "error",
      onSome: ({ _tag }) => _tag === "PollTimeout" ? "timeout" : "error"
    })

const listenerOf = (
  { clock }: Environment,
  request: Request.Request,
  span: Tracer.Span,
  { onChange, onProgress }: Listener
): Waiter.Listener => ({
  onChange: (operation) => {
    span.event(operation.status, clock.currentTimeNanosUnsafe())
    onChange(operation)
  },
  onProgress: onProgress &&
    ((waiter, now) => onProgress(progressOf(request, waiter, now, clock.currentTimeMillisUnsafe())))
})

const progressOf = (
  { accountId, operationId }: Request.Request,
  { isThrottled, joinedAt, nextPollAt, wait }: Waiter.Waiter,
  now: number,
  wallTime: number
): PollProgress => {
  const moment = (at: number | undefined) =>
    Option.fromUndefinedOr(at).pipe(
      Option.filter(Number.isFinite),
      Option.map((at) => DateTime.makeUnsafe(Math.round(wallTime + at - now)))
    )
  return {
    operationId,
    accountId: Option.fromUndefinedOr(accountId),
    operation: Option.fromUndefinedOr(wait.last),
    polls: wait.polls,
    elapsed: Duration.millis(Math.round(now - joinedAt)),
    nextPollAt: moment(nextPollAt && Math.min(nextPollAt, Wait.limit(wait))),
    deadline: moment(wait.deadline),
    transientError: Option.fromUndefinedOr(wait.transient?.error),
    isThrottled
  }
}

const resultOf = (
  { accountId, operationId, startedAt, timeout }: Request.Request,
  began: number,
  { elapsed, ending, polls, wait }: Waiting.Ended
): Effect.Effect<Terminal, PollTimeout | CloudflareError> => {
  switch (ending._tag) {
    case "Terminal":
      return Effect.succeed(ending.operation)
    case "Refused":
      return Effect.fail(ending.error)
    case "Died":
      return Effect.failCause(ending.cause)
    case "TimedOut":
      return Effect.fail(
        new PollTimeout({
          operationId,
          accountId,
          startedAt: DateTime.makeUnsafe(startedAt ?? began),
          last: Option.fromUndefinedOr(wait.last),
          polls,
          timeout: Duration.fromInputUnsafe(timeout),
          elapsed: Duration.millis(Math.round(elapsed)),
          endedBy: ending.endedBy,
          lastError: Option.fromUndefinedOr(wait.transient?.error)
        })
      )
  }
}
