/** Follows operations with given endings, which come at once. Options are checked as in a poller. */
import { OperationId, type Terminal } from "@bulk-operations/core/BulkOperation"
import { CloudflareError, NotFound } from "@bulk-operations/core/CloudflareError"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as PollOptions from "../PollOptions.ts"
import type { PollTimeout } from "../WaitError.ts"
import type { Follow } from "./follow.ts"
import * as Request from "./request.ts"

/** The ending of a wait in a test: the operation completed, it failed with a text, or the wait failed with an error. */
export type TestEnding = "completed" | { readonly failed: string } | PollTimeout | CloudflareError

/** Follows operations to the given endings. */
export const followTest =
  (endings: Readonly<Record<string, TestEnding>>, defaultAccountId: string): Follow =>
  (_name, operationId, options, listener) =>
    Effect.gen(function*() {
      const accountId = options?.accountId ?? defaultAccountId
      const now = yield* Clock.currentTimeMillis
      const request = Request.make(operationId, accountId, options, yield* PollOptions.PollOptions, now)
      yield* Request.warnOfAge(request, now)
      const known = Object.hasOwn(endings, operationId) ? endings[operationId] : undefined
      const ending = known ?? unknown(operationId, accountId)
      const completed = Option.some(DateTime.makeUnsafe(now))
      if (typeof ending === "object" && "_tag" in ending) return yield* ending
      if (ending !== "completed" && typeof ending.failed !== "string") {
        throw new RangeError(
          `layerTest: the ending of ${JSON.stringify(operationId)} is ${JSON.stringify(ending)}. ` +
            `Expected "completed", { failed: "a reason" }, a PollTimeout, or a CloudflareError.`
        )
      }
      const id = OperationId.make(operationId)
      const operation: Terminal = ending === "completed"
        ? { id, status: "completed", completed }
        : { id, status: "failed", completed, error: Option.some(ending.failed) }
      listener.onChange(operation)
      listener.onProgress?.({
        operationId,
        accountId: Option.some(accountId),
        operation: Option.some(operation),
        polls: 1,
        elapsed: Duration.zero,
        nextPollAt: Option.none(),
        deadline: Option.none(),
        transientError: Option.none(),
        isThrottled: false
      })
      return operation
    })

const unknown = (operationId: string, accountId: string) =>
  new CloudflareError({
    reason: new NotFound({
      method: "GET",
      path: `/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`,
      errors: [],
      detail: `layerTest has no ending for ${JSON.stringify(operationId)}`
    })
  })
