/**
 * The envelope of Cloudflare's answers.
 *
 * The documented envelope is `{ success, errors, messages, result }`. Recorded answers omit any of the last three, and
 * list errors as bare strings, without a code, or with an older `error_chain`. Everything readable is read, so that no
 * message of Cloudflare is lost. Servers in front of the API answer with problem JSON (RFC 9457) instead.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { WireError } from "./failure.ts"
import * as PlainText from "./plainText.ts"

/** Any JSON object; `success` says whether it is a success. */
export interface Envelope {
  readonly [key: string]: unknown
}

// A key with a value of an unknown type counts as absent, so that the others are still read.
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

/** The readable parts of Cloudflare's `result_info`. */
export const resultInfo = ({ result_info }: Envelope): ResultInfo =>
  Option.getOrElse(decodeResultInfo(result_info), () => ({}))

const Code = Schema.Union([
  Schema.Finite,
  Schema.FiniteFromString.check(Schema.isGreaterThan(0))
])

const WireErrorJson = Schema.Struct({
  code: readable(Code),
  message: readable(Schema.NonEmptyString),
  documentation_url: readable(Schema.NonEmptyString),
  source: readable(Schema.Struct({ pointer: readable(Schema.NonEmptyString) })),
  error_chain: readable(Schema.Array(Schema.Unknown))
})

const decodeError = Schema.decodeUnknownOption(WireErrorJson)

// Bounds the size of logs, and what a broken server can make this library do.
const maxErrors = 50
const maxCauses = 5

/** Cloudflare's errors in an unsuccessful answer: its `errors`, or, if there are none, its `messages`. */
export const errors = (envelope: Envelope, show: PlainText.Show): ReadonlyArray<WireError> => {
  const { errors, messages } = envelope
  const said = listed(errors)
  return (said.length > 0 ? said : listed(messages)).slice(0, maxErrors).map((error) => read(error, show))
}

const read = (error: unknown, show: PlainText.Show): WireError => {
  const { documentation_url, error_chain, source, ...said } = readError(error)
  const causes = listed(error_chain).slice(0, maxCauses).map((cause) => spoken(cause, readError(cause), show))
  return {
    ...spoken(error, said, show),
    ...(source?.pointer !== undefined && { pointer: source.pointer }),
    ...(documentation_url !== undefined && { documentationUrl: documentation_url }),
    ...(causes.length > 0 && { causes })
  }
}

const readError = (error: unknown) => Option.getOrElse(decodeError(error), (): typeof WireErrorJson.Type => ({}))

// An error of an unknown shape is kept as its JSON.
const spoken = (error: unknown, { code, message }: typeof WireErrorJson.Type, show: PlainText.Show) => ({
  ...(code !== undefined && { code }),
  message: message ?? (typeof error === "string" ? error : PlainText.json(error, show))
})

const listed = (errors: unknown): ReadonlyArray<unknown> =>
  (Array.isArray(errors) ? errors : [errors]).filter(saysSomething)

/** Whether a JSON value has any content. */
export const saysSomething = (value: unknown): boolean =>
  typeof value === "object" && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== null && value !== ""

const Problem = Schema.Struct({
  error_code: Schema.Int,
  title: readable(Schema.NonEmptyString),
  detail: readable(Schema.NonEmptyString),
  ray_id: readable(Schema.NonEmptyString),
  retry_after: readable(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)))
})
export type Problem = typeof Problem.Type

/**
 * Problem JSON of Cloudflare's edge, with error codes 1xxx.
 *
 * Source: developers.cloudflare.com/changelog/post/2026-03-12-retry-after-header-for-1xxx-errors
 */
export const problem: (envelope: Envelope) => Option.Option<Problem> = Schema.decodeUnknownOption(Problem)
