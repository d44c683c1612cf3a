/**
 * From an answer to the decoded `result` in it, or to the reason why there is none.
 *
 * An answer is a success when its status is 2xx and its `success` is true; `errors` may be non-empty then (Cloudflare's
 * own documentation shows it).
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Headers from "effect/http/Headers"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CloudflareError from "../CloudflareError.ts"
import type { Body } from "./body.ts"
import * as Envelope from "./envelope.ts"
import * as Failure from "./failure.ts"

/** One answer, its body read. */
export interface Answer {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: Body
  /** When it came, in milliseconds of the epoch. */
  readonly receivedAt: number
  /** Takes the caller's secret out of a text that came from outside. */
  readonly redact: (text: string) => string
}

const parseJson = (text: string) => Result.try((): unknown => JSON.parse(text))
const decodeEnvelope = Schema.decodeUnknownResult(Envelope.Envelope)

/** The `result` of the answer, decoded. */
export const decode = <A>(answer: Answer, result: Schema.Decoder<A>): Result.Result<A, CloudflareError.Reason> => {
  const { body, status } = answer
  const json = Result.flatMap(parseJson(body.text), decodeEnvelope)
  if (Result.isFailure(json)) return Result.fail(unreadable(answer, body.complete ? "not a JSON object" : tooLarge))
  const envelope = json.success
  if (status < 200 || status >= 300 || envelope.success !== true) return Result.fail(refused(answer, envelope))
  return Result.mapError(
    Schema.decodeUnknownResult(result)(envelope.result),
    (error) => unreadable(answer, `result: ${onOneLine(error.message)}`)
  )
}

/** The message of a schema, which has a line for the problem and one for the place. */
export const onOneLine = (message: string): string => message.replace(/\s+/g, " ")

const tooLarge = "larger than this library reads"

const failure = (answer: Answer) => {
  const { headers, method, path, status } = answer
  const ray = headers["cf-ray"]
  const retryAfter = readRetryAfter(answer)
  return { method, path, status, ...(ray && { ray }), ...(retryAfter && { retryAfter }), errors: [] }
}

const refused = (answer: Answer, envelope: typeof Envelope.Envelope.Type) => {
  const errors = Envelope.apiErrors(envelope.errors, answer.redact)
  return Failure.reason({
    ...failure(answer),
    errors,
    ...(errors.length === 0 && { detail: `the answer was ${answer.redact(Envelope.excerpt(answer.body.text))}` })
  })
}

const unreadable = (answer: Answer, problem: string) =>
  Failure.reason({
    ...failure(answer),
    detail: answer.redact(`${problem}; the answer was ${Envelope.excerpt(answer.body.text)}`)
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
