/**
 * What Cloudflare wraps its answers in.
 *
 * The documented envelope is `{ success, errors, messages, result }`. Recorded answers leave out any of the last three,
 * list errors as bare strings, without a code, or with an older `error_chain`: they are read as far as they can be, so
 * that what Cloudflare said is not lost.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ApiError } from "../CloudflareError.ts"
import * as PlainText from "./plainText.ts"

/** Any JSON object; whether it is a success is for `success` to say. */
export const Envelope = Schema.Struct({
  success: Schema.optionalKey(Schema.Unknown),
  errors: Schema.optionalKey(Schema.Unknown),
  result: Schema.optionalKey(Schema.Unknown),
  result_info: Schema.optionalKey(Schema.Unknown)
})

// A key of an unknown type counts as absent, so that the others are still read.
const readable = <S extends Schema.Top>(schema: S) =>
  Schema.optionalKey(schema.pipe(Schema.catchDecoding(() => Effect.succeedNone)))

const ResultInfo = Schema.Struct({
  cursors: readable(Schema.Struct({
    before: readable(Schema.NonEmptyString),
    after: readable(Schema.NonEmptyString)
  })),
  count: readable(Schema.Int),
  page: readable(Schema.Int),
  per_page: readable(Schema.Int),
  total_count: readable(Schema.Int)
})
export type ResultInfo = typeof ResultInfo.Type

const decodeResultInfo = Schema.decodeUnknownOption(ResultInfo)

/** Cloudflare's `result_info`, as far as it can be read. */
export const resultInfo = (info: unknown): ResultInfo => Option.getOrElse(decodeResultInfo(info), () => ({}))

const Code = Schema.Union([
  Schema.Finite,
  Schema.FiniteFromString.check(Schema.isGreaterThan(0))
])

const WireError = Schema.Struct({
  code: readable(Code),
  message: readable(Schema.NonEmptyString),
  documentation_url: readable(Schema.NonEmptyString),
  source: readable(Schema.Struct({ pointer: readable(Schema.NonEmptyString) })),
  error_chain: readable(Schema.Array(Schema.Unknown))
})

const decodeWireError = Schema.decodeUnknownOption(WireError)

// More than a log should have to hold, and a bound for what a broken server can make this library do.
const maxErrors = 100
const maxMessage = 1000

/** Cloudflare's errors in an answer; one of an unknown shape is kept as the JSON it came in. */
export const apiErrors = (errors: unknown, redact: (text: string) => string): ReadonlyArray<ApiError> => {
  const text = (text: string) => PlainText.clip(redact(text), maxMessage)

  const said = (error: unknown, { code, message }: Partial<typeof WireError.Type>) => ({
    ...(code !== undefined && { code }),
    message: text(message ?? (typeof error === "string" ? error : PlainText.json(error, redact)))
  })

  const read = (error: unknown) => {
    const wire = Option.getOrElse(decodeWireError(error), (): typeof WireError.Type => ({}))
    const { documentation_url, error_chain, source } = wire
    const causes = listed(error_chain).map((cause) => said(cause, Option.getOrElse(decodeWireError(cause), () => ({}))))
    return new ApiError({
      ...said(error, wire),
      ...(source?.pointer && { pointer: text(source.pointer) }),
      ...(documentation_url && { documentationUrl: text(documentation_url) }),
      ...(causes.length > 0 && { causes })
    })
  }

  return listed(errors).map(read)
}

const listed = (errors: unknown): ReadonlyArray<unknown> =>
  (Array.isArray(errors) ? errors : [errors]).filter(saysSomething).slice(0, maxErrors)

const saysSomething = (error: unknown) =>
  typeof error === "object" && error !== null
    ? Object.keys(error).length > 0
    : error !== undefined && error !== null && error !== ""
