/** The workflow of a write: record that it will be sent, send it, wait for its operation. */
import { Completed, OperationId } from "@bulk-operations/core/BulkOperation"
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import { CursorExpired } from "@bulk-operations/lists/CursorExpired"
import { InvalidItems } from "@bulk-operations/lists/InvalidItems"
import { ListItems } from "@bulk-operations/lists/ListItems"
import { AnotherOperationPending, NoItems, OutcomeUnknown } from "@bulk-operations/lists/WriteError"
import { WritePolicy } from "@bulk-operations/lists/WritePolicy"
import { BulkOperationFailed, PollTimeout, WaitError } from "@bulk-operations/poll/WaitError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import * as StoreDefect from "./storeDefect.ts"
import * as StoredWrite from "./storedWrite.ts"
import * as WaitWorkflow from "./waitWorkflow.ts"

const SendError = Schema.Union([
  NoItems,
  InvalidItems,
  AnotherOperationPending,
  OutcomeUnknown,
  CloudflareError,
  CursorExpired
])

/** Errors of a stored write. */
export const WriteFailure = Schema.Union([SendError, BulkOperationFailed, PollTimeout])
export type WriteFailure = typeof WriteFailure.Type

const fingerprint = Schema.String

/** Its name, the names in its payload and those of its activities are in stores: they must not change. */
export const WriteWorkflow = Workflow.make("@bulk-operations/durable/Write", {
  payload: { write: StoredWrite.StoredWrite, fingerprint },
  success: Schema.Struct({ fingerprint, operation: Schema.Option(Completed) }),
  error: Schema.Struct({ fingerprint, error: WriteFailure }),
  idempotencyKey: ({ write }) => StoredWrite.keyOf(write)
})

const Sent = Schema.Struct({ operationId: Schema.Option(OperationId), at: Schema.DateTimeUtcFromMillis })

export const layer = WriteWorkflow.toLayer(({ fingerprint, write }) =>
  Effect.gen(function*() {
    // Set between the two activities only if no other run of this workflow can have sent anything.
    let isFirst = false
    yield* Activity.make({
      name: "intend",
      execute: Effect.sync(() => {
        isFirst = true
      })
    })
    const sent = yield* Activity.make({
      name: "send",
      success: Sent,
      error: SendError,
      execute: Effect.suspend(() => {
        const mayBeSecond = !isFirst
        isFirst = false
        return Effect.all({ operationId: send(write, mayBeSecond), at: DateTime.now })
      })
    })
    if (Option.isNone(sent.operationId)) return Option.none<Completed>()
    return Option.some(
      yield* Activity.make({
        name: "wait",
        success: Completed,
        error: WaitError,
        execute: WaitWorkflow.execute(waitOf(write, sent.operationId.value, sent.at))
      })
    )
  }).pipe(
    StoreDefect.outlasting("Storing how far a write has come"),
    Effect.mapBoth({
      onSuccess: (operation) => ({ fingerprint, operation }),
      onFailure: (error) => ({ fingerprint, error })
    })
  )
)

const waitOf = (
  { accountId, notFoundGrace, requestCost, timeout, tolerance }: StoredWrite.StoredWrite,
  operationId: OperationId,
  at: DateTime.Utc
) => ({
  version: 1 as const,
  operationId,
  ...(accountId !== undefined && { accountId }),
  beganAt: at,
  startedAt: at,
  ...(timeout !== undefined && { deadline: DateTime.addDuration(at, timeout) }),
  ...(requestCost !== undefined && { requestCost }),
  ...(tolerance !== undefined && { tolerance }),
  ...(notFoundGrace !== undefined && { notFoundGrace })
})

// The operation, or none where the list shows that an earlier attempt has taken effect.
const send = Effect.fnUntraced(function*(write: StoredWrite.StoredWrite, mayBeSecond: boolean) {
  const again = sendAgain(write)
  if (mayBeSecond) return yield* again
  return yield* sendOnce(write, write.content, {}).pipe(
    Effect.asSome,
    Effect.catchTag("OutcomeUnknown", () => again)
  )
})

// The list is compared before each attempt, because the pending operation behind a refusal may be the first attempt's
// own.
const sendAgain = (write: StoredWrite.StoredWrite) =>
  Effect.flatMap(WritePolicy, ({ patience, schedule }) =>
    compare(write).pipe(
      Effect.flatMap((missing) =>
        missing === undefined
          ? Effect.succeedNone
          : Effect.asSome(sendOnce(write, missing, { patience: 0 }))
      ),
      Effect.retry({
        schedule: Schedule.upTo(schedule, { duration: patience }),
        while: ({ _tag }) => _tag === "AnotherOperationPending" || _tag === "OutcomeUnknown"
      })
    ))

const compare = Effect.fnUntraced(function*({ accountId, content, listId }: StoredWrite.StoredWrite) {
  const items = yield* ListItems
  const held = yield* Stream.runCollect(items.stream(listId, { accountId }))
  return StoredWrite.missing(content, held)
})

const sendOnce = Effect.fnUntraced(function*(
  { accountId, listId }: StoredWrite.StoredWrite,
  content: StoredWrite.Content,
  policy: { readonly patience?: 0 }
) {
  const items = yield* ListItems
  // A lost answer is handled here, not by the application's policy.
  const options = { accountId, onLostAnswer: "fail", ...policy } as const
  switch (content.action) {
    case "create":
      return yield* items.create(listId, content.items, options)
    case "replace":
      return yield* items.replace(listId, content.items, { ...options, allowEmpty: true })
    case "delete":
      return yield* items.delete(listId, content.itemIds, options)
  }
})
