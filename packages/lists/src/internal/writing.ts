/** Sends a write and waits for its operation, in one turn of a write lane. */
import { type AccountId, type Completed, failureKind, OperationId } from "@bulk-operations/core/BulkOperation"
import type { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type { BulkOperationPoller, RunOptions } from "@bulk-operations/poll/BulkOperationPoller"
import { BulkOperationFailed, type PollTimeout } from "@bulk-operations/poll/WaitError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"
import { type Action, AnotherOperationPending, OutcomeUnknown } from "../WriteError.ts"
import type { Policy, Retrying } from "../WritePolicy.ts"
import * as Call from "./call.ts"
import * as Patience from "./patience.ts"
import * as Refusal from "./refusal.ts"

/** One write, ready to be sent. */
export interface Write {
  readonly accountId: AccountId
  readonly listId: string
  readonly action: Action
  readonly request: HttpClientRequest.HttpClientRequest
}

const methods = { create: "POST", replace: "PUT", delete: "DELETE" } as const

/** The HTTP method of an action, also for refusals before sending. */
export const methodOf = (action: Action) => methods[action]

/** A write with a body. */
export const make = Effect.fnUntraced(function*(
  accountId: AccountId,
  listId: string,
  action: Action,
  body: Schema.Json
): Effect.fn.Return<Write, CloudflareError> {
  const method = methods[action]
  const path = `${yield* Call.path(method, accountId, { list_id: listId })}/items`
  const request = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.make(method)(path), body)
  return { accountId, listId, action, request }
})

const Written = Schema.Struct({ operation_id: OperationId })

type SendError = CloudflareError | AnotherOperationPending | OutcomeUnknown

/**
 * Sends the write until Cloudflare accepts it.
 *
 * A refusal because of a pending operation (429) changes nothing, so retrying is safe. A lost answer is different:
 * after one, only an answer can show whether the write took effect.
 */
export const send = Effect.fnUntraced(function*(
  api: CloudflareApi["Service"],
  { accountId, action, listId, request }: Write,
  policy: Policy
): Effect.fn.Return<OperationId, SendError> {
  const began = yield* Clock.monotonicTimeNanos
  let attempts = 0
  let lost: CloudflareError | undefined

  const once = Effect.suspend(() => {
    attempts++
    return api.request(request, Written)
  }).pipe(
    Effect.map(({ operation_id }) => operation_id),
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (error.outcome === "unknown") lost = error
      })
    )
  )

  return yield* Patience.persist(once, policy, {
    isPassing: (error) =>
      error.reason._tag === "RateLimited" || (policy.onLostAnswer === "repeat" && error.outcome === "unknown"),
    retryAfter: (error) => error.retryAfter,
    retrying: (error) => ({ accountId, listId, action, reason: reasonOf(error) })
  }).pipe(
    Effect.catch((error) =>
      Effect.flatMap(Clock.monotonicTimeNanos, (now): Effect.Effect<never, SendError> => {
        if (lost !== undefined) return Effect.fail(new OutcomeUnknown({ listId, action, cause: lost }))
        if (error.reason._tag !== "RateLimited" || Refusal.isApiLimit(error)) return Effect.fail(error)
        const waited = Duration.nanos(now - began)
        return Effect.fail(new AnotherOperationPending({ accountId, listId, attempts, waited, cause: error }))
      })
    )
  )
})

const reasonOf = (error: CloudflareError): Retrying["reason"] =>
  error.reason._tag !== "RateLimited"
    ? "answerLost"
    : Refusal.isApiLimit(error)
    ? "requestLimit"
    : "operationPending"

/** Options of the wait for an operation. */
export type Waiting = Omit<RunOptions, "accountId">

type WaitFailure = BulkOperationFailed | PollTimeout | CloudflareError

/**
 * Starts an operation and waits for its end. An operation that fails because of the limit on writes is started again,
 * like a refused write.
 */
export const andWait = (
  poller: BulkOperationPoller["Service"],
  { accountId, action, listId }: Write,
  start: Effect.Effect<OperationId, SendError>,
  options: {
    readonly policy: Policy
    readonly waiting: Waiting | undefined
    readonly ended: (operationId: OperationId) => Effect.Effect<void>
  }
): Effect.Effect<Completed, SendError | WaitFailure> => {
  const once = poller.run(start, { ...options.waiting, accountId }).pipe(
    Effect.tap(({ id }) => options.ended(id)),
    Effect.tapErrorTag("BulkOperationFailed", ({ operation }) => options.ended(operation.id))
  )
  return Patience.persist(once, options.policy, {
    isPassing: isRateLimited,
    retrying: () => ({ accountId, listId, action, reason: "writeLimit" })
  })
}

const isRateLimited = (error: unknown): boolean =>
  error instanceof BulkOperationFailed && failureKind(error.operation) === "rateLimited"
