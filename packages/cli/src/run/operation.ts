/** An operation as text and as an event. */
import type { BulkOperation } from "@bulk-operations/core/BulkOperation"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as DurationText from "../DurationText.ts"
import type { Event } from "../Event.ts"

const completedOf = (operation: BulkOperation) =>
  "completed" in operation ? Option.getOrUndefined(Option.map(operation.completed, DateTime.formatIso)) : undefined

const errorOf = (operation: BulkOperation) =>
  operation.status === "failed" ? Option.getOrElse(operation.error, () => "Cloudflare gives no reason") : undefined

/** `id status`, then when it ended, then why it failed. */
export const text = (operation: BulkOperation): string =>
  [operation.id, operation.status, completedOf(operation), errorOf(operation)]
    .filter((part) => part !== undefined).join(" ")

export const event = (
  operation: BulkOperation,
  took?: { readonly elapsed: Duration.Duration; readonly polls: number }
): Event => {
  const [completed, error] = [completedOf(operation), errorOf(operation)]
  return {
    type: "operation",
    id: operation.id,
    status: operation.status,
    ...(completed !== undefined && { completed }),
    ...(error !== undefined && { error }),
    ...(took !== undefined && { elapsedSeconds: DurationText.seconds(took.elapsed), polls: took.polls })
  }
}
