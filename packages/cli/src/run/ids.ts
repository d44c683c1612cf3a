/**
 * Ids as people paste them.
 */
import { OperationId } from "@bulk-operations/core/BulkOperation"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { UsageError } from "../Failure.ts"

const decode = Schema.decodeUnknownResult(OperationId)

const quotes = /^["'`“‘].*["'`”’]$/s

/** The text if it can be an id, or what is wrong with it and what to pass instead. */
export const parse = (what: string, text: string): Result.Result<string, UsageError> => {
  const shown = JSON.stringify(text)
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const last = text.replace(/[?#].*$/s, "").split("/").findLast((part) => part !== "") ?? ""
    return Result.fail(new UsageError({ message: `${what} ${shown} is a URL. Pass the id alone: ${last}` }))
  }
  if (quotes.test(text)) {
    return Result.fail(
      new UsageError({
        message: `${what} ${shown} has quotes around it. Pass the id alone (jq prints it so with -r): ${
          text.slice(1, -1)
        }`
      })
    )
  }
  return Result.mapError(decode(text), ({ message }) => new UsageError({ message: `${what} ${shown}: ${message}` }))
}

/** All ids, or everything that is wrong with them. A repeated id counts once. */
export const operations = Effect.fnUntraced(function*(ids: ReadonlyArray<string>) {
  const parsed = [...new Set(ids)].map((id) => parse("Operation id", id))
  const wrong = parsed.flatMap((id) => Result.isFailure(id) ? [id.failure.message] : [])
  if (wrong.length > 0) return yield* new UsageError({ message: wrong.join("\n") })
  return parsed.flatMap((id) => Result.isSuccess(id) ? [id.success] : [])
})
