/**
 * From an answer to the decoded `result` in it, or to the reason why there is none.
 *
 * An answer is a success when its status is 2xx and its `success` is true; `errors` may be non-empty then (Cloudflare's
 * own documentation shows it).
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CloudflareError from "../CloudflareError.ts"
import type { Body } from "./body.ts"
import * as Envelope from "./envelope.ts"
import * as Failure from "./failure.ts"
import * as PlainText from "./plainText.ts"

/** The head of an answer. */
export interface Head {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly headers: Headers.Headers
}

/** One answer, its body read. */
export interface Answer extends Head {
  readonly body: Body
  /** When it came, in milliseconds of the epoch. */
  readonly receivedAt: number
  /** Takes the caller's secret out of a text that came from outside. */
  readonly redact: (text: string) => string
}

const parseJson = (text: string) => Result.try((): unknown => JSON.parse(text))
const decodeEnvelope = Schema.decodeUnknownResult(Envelope.Envelope)

/** A success: the `result` of the answer, decoded, and its `result_info`. */
export interface Success<A> {
  readonly result: A
  readonly resultInfo: Envelope.ResultInfo
}

/** The `result` of the answer, decoded. */
export const decode = <A>(
  answer: Answer,
  result: Schema.Decoder<A>
): Result.Result<Success<A>, CloudflareError.Reason> => {
  const { body, status } = answer
  if (!body.complete) return Result.fail(unreadable(answer, "longer than the 16 MiB that this library reads"))
  const json = Result.flatMap(parseJson(body.text), decodeEnvelope)
  if (Result.isFailure(json)) return Result.fail(unreadable(answer, "not a JSON object"))
  const envelope = json.success
  if (status < 200 || status >= 300 || envelope.success !== true) return Result.fail(refused(answer, envelope))
  return Result.mapBoth(Schema.decodeUnknownResult(result)(envelope.result), {
    onSuccess: (result) => ({ result, resultInfo: Envelope.resultInfo(envelope.result_info) }),
    onFailure: (error) => misshapen(answer, envelope.result, error)
  })
}

const refused = (answer: Answer, envelope: typeof Envelope.Envelope.Type) => {
  const errors = Envelope.apiErrors(envelope.errors, answer.redact)
  return errors.length === 0
    ? unreadable(answer, "neither `success: true` nor errors in it")
    : Failure.reason({ ...failure(answer), errors })
}

// Parts of texts are taken after the secret is out of them: before, its beginning could stay.

const unreadable = (answer: Answer, problem: string) => {
  const { body, headers, redact, status } = answer
  const target = status >= 300 && status < 400 ? headers["location"] : undefined
  const detail = target === undefined
    ? `${problem}; the answer was ${PlainText.excerpt(redact(body.text))}`
    : `a redirect to ${PlainText.clip(redact(target))}, which this library does not follow`
  return Failure.reason({ ...failure(answer), detail })
}

const misshapen = (answer: Answer, result: unknown, { message }: Schema.SchemaError) => {
  const { redact } = answer
  // One long string must not hide what comes after it.
  const shown = result === undefined
    ? "missing"
    : PlainText.json(result, (text) => PlainText.clip(redact(text), 100))
  const detail = `result: ${redact(message)}; the result was ${PlainText.clip(redact(shown))}`
  return Failure.reason({ ...failure(answer), detail })
}

const failure = (answer: Answer) => {
  const retryAfter = readRetryAfter(answer)
  return { ...head(answer), ...(retryAfter && { retryAfter }) }
}

/** What an error tells of a call that has an answer, or its head. */
export const head = ({ headers, request, status }: Head) => {
  const ray = headers["cf-ray"]
  return { ...call(request), status, ...(ray && { ray }) }
}

/** What an error tells of a call without an answer. */
export const call = ({ method, url }: HttpClientRequest.HttpClientRequest) => ({
  method,
  path: url.replace(/[?#].*$/s, ""),
  errors: []
})

// A date is measured against the answer's own `Date`, so that a clock that is off does not stretch the wait.
const readRetryAfter = ({ headers, receivedAt }: Answer): Duration.Duration | undefined => {
  const header = headers["retry-after"]
  if (header === undefined) return undefined
  const sentAt = Result.getOrElse(
    Result.map(Headers.parseHttpDate(headers["date"] ?? ""), DateTime.toEpochMillis),
    () => receivedAt
  )
  return Result.getOrElse(
    Result.map(Headers.parseRetryAfter(header), (retryAfter) => Headers.retryAfterDelay(retryAfter, sentAt)),
    () => undefined
  )
}
