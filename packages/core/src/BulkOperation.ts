/**
 * Cloudflare Lists bulk operations: their ids, their four states, and their JSON.
 *
 * Writing items to a list answers with an `operation_id`; the work happens later. Only `status` determines the state,
 * in the JSON and here, because nothing else in an answer is reliable: `completed` and `error` are documented as always
 * present in the states that have them, but have been missing, `null` and empty in practice. They are `Option`s. If one
 * cannot be read, it is none, a debug log is written, and the status still counts.
 *
 * Source: Cloudflare's OpenAPI schemas `lists_bulk_operation_*` and recorded answers.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Rfc3339 from "./internal/rfc3339.ts"

// Ids have no documented format. This excludes what cannot be in a URL path segment; `\p{C}` covers control characters,
// invisible ones and lone surrogates, which cannot be percent-encoded.
const isPathSegment = Schema.makeFilter<string>(
  (id) => /^[^\s/\\\p{C}]+$/u.test(id) && id !== "." && id !== "..",
  {
    expected: "an id: one or more characters, no spaces, slashes or control characters, and not \".\" or \"..\"",
    // Property tests start with the smallest values: they would only try "" and give up.
    arbitraryConstraint: { minLength: 1 }
  }
)

/** Id of a bulk operation, from the answer to a write. Cloudflare documents no format. */
export const OperationId = Schema.String.check(isPathSegment).pipe(Schema.brand("OperationId"))
export type OperationId = typeof OperationId.Type

/**
 * Id of a Cloudflare account. Cloudflare documents no format; today it is 32 hexadecimal digits.
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 * import { Schema } from "effect"
 *
 * const isAccountId = Schema.is(BulkOperation.AccountId)
 * isAccountId("023e105f4ecef8ad9ca31a8372d0c353") // => true
 * isAccountId("../accounts") // => false
 */
export const AccountId = Schema.String.check(isPathSegment).pipe(Schema.brand("AccountId"))
export type AccountId = typeof AccountId.Type

// Absent, `null` and `""` mean the same in the JSON: unknown.
const optionFromBlank = <S extends Schema.Codec<unknown, string>>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(Schema.String)).pipe(
    Schema.decodeTo(
      Schema.OptionFromOptionalKey(schema),
      SchemaTransformation.transformOptional<string, string | null>({
        decode: Option.filter((text): text is string => text !== null && text !== ""),
        encode: (text) => text
      })
    )
  )

// The value is not logged: the caller's secret has not been redacted from it.
const noneWhereBroken = <S extends Schema.Codec<unknown, string>>(name: string, schema: S) =>
  optionFromBlank(schema).pipe(
    Schema.catchDecoding(() =>
      Effect.as(Effect.logDebug(`the ${name} of a bulk operation cannot be read`), Option.some(Option.none()))
    )
  )

const completed = noneWhereBroken("completed", Rfc3339.DateTimeUtc)

/** Accepted, but not started. */
export const Pending = Schema.Struct({
  id: OperationId,
  status: Schema.tag("pending")
})
export type Pending = typeof Pending.Type

/** Under way. Cloudflare reports no progress. */
export const Running = Schema.Struct({
  id: OperationId,
  status: Schema.tag("running")
})
export type Running = typeof Running.Type

/**
 * Done; the list has changed. `completed` is the time of the end by Cloudflare's clock.
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 * import { Option } from "effect"
 *
 * const id = BulkOperation.OperationId.make("4da8780eeb215e6cb7f48dd981c4ea02")
 * BulkOperation.Completed.make({ id, completed: Option.none() }).status // => "completed"
 */
export const Completed = Schema.Struct({
  id: OperationId,
  status: Schema.tag("completed"),
  completed
})
export type Completed = typeof Completed.Type

/** Ended without effect. `error` is Cloudflare's free text (there is no code); `completed` is the time of the end. */
export const Failed = Schema.Struct({
  id: OperationId,
  status: Schema.tag("failed"),
  completed,
  error: noneWhereBroken("error", Schema.NonEmptyString)
})
export type Failed = typeof Failed.Type

/**
 * A bulk operation in one of its four states, discriminated by `status`.
 *
 * Has `match`, `matchOrElse`, `guards`, `isAnyOf` and `cases`. Decoding refuses any other `status`, and ignores keys
 * that the state does not have (`error: ""` beside `completed`, `error_count`).
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 * import { Option, Schema } from "effect"
 *
 * const operation = Schema.decodeUnknownSync(BulkOperation.BulkOperation)({
 *   id: "4da8780eeb215e6cb7f48dd981c4ea02",
 *   status: "failed",
 *   error: "This list is at the maximum number of items"
 * })
 * BulkOperation.BulkOperation.match(operation, {
 *   pending: () => "not begun",
 *   running: () => "under way",
 *   completed: () => "done",
 *   failed: ({ error }) => Option.getOrElse(error, () => "no reason given")
 * }) // => "This list is at the maximum number of items"
 */
export const BulkOperation = Schema.Union([Pending, Running, Completed, Failed]).annotate({
  expected: "a bulk operation whose status is pending, running, completed or failed"
}).pipe(Schema.toTaggedUnion("status"))
export type BulkOperation = typeof BulkOperation.Type

/** `pending`, `running`, `completed` or `failed`. */
export type Status = BulkOperation["status"]

/** An operation whose status will not change any more. */
export type Terminal = Completed | Failed

/**
 * Whether the operation has ended, completed or failed.
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 *
 * const id = BulkOperation.OperationId.make("4da8780eeb215e6cb7f48dd981c4ea02")
 * BulkOperation.isTerminal(BulkOperation.Running.make({ id })) // => false
 */
export const isTerminal: (operation: BulkOperation) => operation is Terminal = BulkOperation.isAnyOf([
  "completed",
  "failed"
])

/**
 * The kind of a failed operation, recognized from its text.
 *
 * - `"capacity"`: the list is full. Write less, or ask Cloudflare for more.
 * - `"rateLimited"`: too many writes. The same write may succeed some minutes later.
 * - `"urlLimit"`: too many redirects of the account begin with the same host and path.
 * - `"unknown"`: any other text, or none.
 */
export type FailureKind = "capacity" | "rateLimited" | "urlLimit" | "unknown"

// Capacity: the example of Cloudflare's OpenAPI schema, "This list is at the maximum number of items". Rate limit: the
// text of code 10040, which users have also seen in failed operations. URL limit: the FAQ of Bulk Redirects ("This
// account has reached the limit on the number of URL matching items on the same hostname/path") and the page of code
// 10059 ("Maximum number of repeated URL source paths exceeded").
const kinds: ReadonlyArray<readonly [Exclude<FailureKind, "unknown">, RegExp]> = [
  ["capacity", /maximum number of items/i],
  ["rateLimited", /rate.?limit|too many requests/i],
  ["urlLimit", /number of url matching items|repeated url source paths/i]
]

/**
 * Recognizes the kind of a failed operation from its text: Cloudflare gives no code, only an English sentence. The text
 * stays in `error`.
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 * import { Option } from "effect"
 *
 * const failed = BulkOperation.Failed.make({
 *   id: BulkOperation.OperationId.make("4da8780eeb215e6cb7f48dd981c4ea02"),
 *   completed: Option.none(),
 *   error: Option.some("This list is at the maximum number of items")
 * })
 * BulkOperation.failureKind(failed) // => "capacity"
 */
export const failureKind = ({ error }: Failed): FailureKind =>
  Option.match(error, {
    onNone: () => "unknown",
    onSome: (text) => kinds.find(([, pattern]) => pattern.test(text))?.[0] ?? "unknown"
  })
