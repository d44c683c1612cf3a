/**
 * One poll of an operation, for all subscribers.
 *
 * It runs in a separate fiber, in the poller's context. It knows only the subscribers' spans, which it links.
 */
import type { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as RequestBudget from "@bulk-operations/core/RequestBudget"
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import type { Answer } from "../Wait.ts"
import * as Measure from "./measure.ts"

/**
 * The answer to a poll, the cause of its death, or that it was abandoned without an answer. Times are those of
 * `Alarm.monotonicMillis`.
 */
export type Observation =
  | Answered
  | { readonly _tag: "Died"; readonly cause: Cause.Cause<never> }
  | Lost

export interface Answered {
  readonly _tag: "Answered"
  readonly sentAt: number
  readonly at: number
  readonly answer: Answer
}

export interface Lost {
  readonly _tag: "Lost"
  /** Undefined if it was still waiting for the request budget. */
  readonly sentAt: number | undefined
}

/** Which operation to poll, and for whom. */
export interface Target {
  readonly operationId: string
  readonly accountId: string | undefined
  readonly readers: Iterable<{ readonly span: Tracer.AnySpan }>
}

// More links than anyone would follow.
const maxLinks = 10

/** Polls once, with a priority for the request budget. */
export const make = <T extends Target>(options: {
  readonly operations: BulkOperations["Service"]
  /** The context of polls. */
  readonly context: Context.Context<never>
  /** Is notified of every answer, in the fiber of its poll. */
  readonly onAnswer: (target: T, answer: Answer) => Effect.Effect<void>
}) => {
  const { context, onAnswer, operations } = options

  const contextOf = ({ readers }: T, claim: RequestBudget.Claim) => {
    const links: Array<Tracer.SpanLink> = []
    for (const { span } of readers) if (links.push({ span, attributes: {} }) === maxLinks) break
    return context.pipe(
      Context.add(References.TracerSpanLinks, links),
      Context.add(RequestBudget.CurrentClaim, claim)
    )
  }

  const attempt = (target: T) =>
    Effect.suspend(() => operations.get(target.operationId, { accountId: target.accountId })).pipe(
      Effect.result,
      Effect.tap((answer) => {
        Measure.poll(context, Result.isSuccess(answer) ? answer.success.status : answer.failure.reason._tag)
        return onAnswer(target, answer)
      })
    )

  return (target: T, claim: RequestBudget.Claim): Fiber.Fiber<Answer> =>
    Effect.runForkWith(contextOf(target, claim))(attempt(target))
}

/** The observation of a poll that was sent at `sentAt`. */
export const observationOf = (sentAt: number, at: number, exit: Exit.Exit<Answer>): Observation =>
  Exit.match(exit, {
    onSuccess: (answer) => ({ _tag: "Answered", sentAt, at, answer }),
    onFailure: (cause) => ({ _tag: "Died", cause })
  })
