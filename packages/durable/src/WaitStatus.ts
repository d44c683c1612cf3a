/** The status of a durable wait in its store. */
import type { Completed } from "@bulk-operations/core/BulkOperation"
import type { WaitError } from "@bulk-operations/poll/WaitError"
import * as Data from "effect/Data"
import type * as Result from "effect/Result"

/**
 * - `Unknown`: the store has no such wait. It was never begun, or it was forgotten.
 * - `UnderWay`: it has not ended. The store does not know whether a process is working on it.
 * - `Ended`: with the result that `wait` would return, the completed operation or the error.
 * - `Cancelled`: it was cancelled before it ended.
 * - `Died`: a defect in a program ended it; `cause` says which.
 *
 * @example
 * import { WaitStatus } from "@bulk-operations/durable"
 * import { Result } from "effect"
 *
 * const show = WaitStatus.match({
 *   Unknown: () => "no such wait",
 *   UnderWay: () => "under way",
 *   Ended: ({ result }) => Result.isSuccess(result) ? "completed" : result.failure.message,
 *   Cancelled: () => "cancelled",
 *   Died: ({ cause }) => String(cause)
 * })
 */
export type WaitStatus = Data.TaggedEnum<{
  Unknown: {}
  UnderWay: {}
  Ended: { readonly result: Result.Result<Completed, WaitError> }
  Cancelled: {}
  Died: { readonly cause: unknown }
}>

export const { $is: is, $match: match, Cancelled, Died, Ended, UnderWay, Unknown } = Data.taggedEnum<WaitStatus>()
