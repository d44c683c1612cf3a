/**
 * The workflow of a wait: one activity, which is the poller's wait. Nothing is stored between two polls, because the gaps
 * follow from the age of the operation.
 */
import { Completed } from "@bulk-operations/core/BulkOperation"
import { BulkOperationPoller, type WaitOptions } from "@bulk-operations/poll/BulkOperationPoller"
import * as PollSchedule from "@bulk-operations/poll/PollSchedule"
import { PollTimeout, WaitError } from "@bulk-operations/poll/WaitError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import * as StoreDefect from "./storeDefect.ts"
import * as StoredWait from "./storedWait.ts"

/** Its name, the names in its payload and that of its activity are in stores: they must not change. */
export const WaitWorkflow = Workflow.make("@bulk-operations/durable/Wait", {
  payload: { wait: StoredWait.StoredWait },
  success: Completed,
  error: WaitError,
  idempotencyKey: ({ wait }) => StoredWait.keyOf(wait)
})

export const layer = WaitWorkflow.toLayer(({ wait }) =>
  Activity.make({ name: "wait", success: Completed, error: WaitError, execute: execute(wait) }).pipe(
    // Without this, the defect would be stored as the end of the wait.
    StoreDefect.outlasting("Storing that a wait is under way")
  )
)

/** Runs a stored wait. */
export const execute = Effect.fnUntraced(function*(stored: StoredWait.StoredWait) {
  const poller = yield* BulkOperationPoller
  const began = yield* DateTime.now
  return yield* poller.wait(stored.operationId, optionsOf(stored, began)).pipe(
    Effect.catchTag("PollTimeout", (timeout) => Effect.flatMap(DateTime.now, (now) => wholeOf(stored, timeout, now)))
  )
})

// A resumed wait is polled with the gaps for its age. If the start of the operation is unknown, a new wait is polled at
// once.
const youngest = Duration.seconds(1)

// A wait that is resumed near or after its deadline polls once more, and waits this long for the answer.
const patience = Duration.seconds(2)

const optionsOf = (stored: StoredWait.StoredWait, now: DateTime.Utc): WaitOptions => {
  const { accountId, beganAt, deadline, notFoundGrace, requestCost, startedAt, tolerance } = stored
  const isResumed = Duration.isGreaterThanOrEqualTo(DateTime.distance(beganAt, now), youngest)
  return {
    accountId,
    startedAt: startedAt ?? (isResumed ? beganAt : undefined),
    timeout: deadline === undefined
      ? Duration.infinity
      : Duration.max(DateTime.distance(now, deadline), isResumed ? patience : Duration.zero),
    schedule: requestCost && PollSchedule.quadratic({ requestCost }),
    tolerance,
    notFoundGrace
  }
}

// The poller only knows the time since this process resumed the wait.
const wholeOf = (stored: StoredWait.StoredWait, timeout: PollTimeout, now: DateTime.Utc) => {
  const origin = StoredWait.originOf(stored)
  return Effect.fail(
    new PollTimeout({
      operationId: timeout.operationId,
      accountId: timeout.accountId,
      startedAt: origin,
      last: timeout.last,
      polls: timeout.polls,
      timeout: stored.deadline === undefined ? Duration.infinity : DateTime.distance(origin, stored.deadline),
      elapsed: DateTime.distance(origin, now),
      endedBy: timeout.endedBy,
      lastError: timeout.lastError
    })
  )
}
