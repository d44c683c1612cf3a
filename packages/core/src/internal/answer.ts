/**
 * Turns an answer into its decoded `result`, or into the reason why there is none.
 *
 * An answer is a success if its status is 2xx and its `success` is true, even if `errors` is not empty (Cloudflare's
 * own documentation shows such answers).
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Body } from "./body.ts"
import * as Causes from "./causes.ts"
import * as Envelope from "./envelope.ts"
import type { Facts, Failure } from "./failure.ts"
import * as Failures from "./failure.ts"
import * as PlainText from "./plainText.ts"

/** One answer with its body. */
export interface Answer {
  readonly call: Facts
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: Body
  /** When it arrived, in epoch milliseconds. */
  readonly receivedAt: number
  readonly show: PlainText.Show
}

/** A success: the `result` of the answer, decoded, and its `result_info`. */
export interface Success<A> {
  readonly result: A
  readonly resultInfo: Envelope.ResultInfo
}

/** The `result` of the answer, decoded. */
export const decode = Effect.fnUntraced(function*<A>(
  answer: Answer,
  schema: Schema.Decoder<A>
): Effect.fn.Return<Success<A>, Failure> {
  const envelope = yield* Effect.fromResult(open(answer))
  const result = yield* Schema.decodeUnknownEffect(schema)(envelope["result"]).pipe(
    Effect.mapError(({ message }) => misshapen(answer, envelope["result"], message)),
    // A schema is foreign code, but a call may only fail with its declared errors.
    Effect.catchDefect((defect) =>
      Effect.fail(misshapen(answer, envelope["result"], `the schema threw: ${Causes.describe(defect)}`))
    )
  )
  return { result, resultInfo: Envelope.resultInfo(envelope) }
})

const open = (answer: Answer): Result.Result<Envelope.Envelope, Failure> => {
  const { body, status } = answer
  if (status === 407) return Result.fail({ ...known(answer), detail: proxy, reason: "Unreachable" })
  if (status >= 300 && status < 400) return Result.fail(redirect(answer))
  if (body.kind !== "whole") return Result.fail(unreadable(answer, body))
  const json = Result.getOrUndefined(Result.try((): unknown => JSON.parse(body.text)))
  if (!Predicate.isObject(json)) return Result.fail(notTheApi(answer, body.text))
  return isGood(status) && json["success"] === true
    ? Result.succeed(json)
    : Result.fail(refused(answer, json, body.text))
}

const proxy = "a proxy requires credentials (407); check its settings"

const isGood = (status: number) => status < 300

const redirect = (answer: Answer): Failure => {
  const location = answer.headers["location"] ?? "nowhere"
  const detail = `a redirect to ${answer.show(location)}, which this library does not follow`
  return { ...known(answer), detail, reason: "UnexpectedResponse" }
}

// An error is classified by its status, whatever its body is.
const unreadable = (answer: Answer, body: Exclude<Body, { kind: "whole" }>): Failure => {
  const facts = {
    ...known(answer),
    detail: body.kind === "long"
      ? "the answer is longer than the 16 MiB that this library reads"
      : `the answer is encoded (content-encoding: ${body.encoding}), which this HttpClient does not decode; FetchHttpClient does`
  }
  return isGood(answer.status) ? { ...facts, reason: "UnexpectedResponse" } : Failures.refused(facts)
}

const notTheApi = (answer: Answer, text: string): Failure => {
  const { show, status } = answer
  const facts = { ...known(answer), detail: `the answer was ${PlainText.excerpt(text, show)}` }
  if (isBlocked(answer, text)) return { ...facts, reason: "Blocked", isChallenge: isChallenge(answer, text) }
  if (!isGood(status)) return Failures.refused(facts)
  // A complete JSON object comes from the API.
  return /^\s*\{/.test(text)
    ? { ...facts, detail: `the JSON ends too early or is damaged; ${facts.detail}`, reason: "TransportError" }
    : { ...facts, reason: "MalformedResponse" }
}

// The API itself answers 403 in JSON. Recorded pages: cloudflare/workers-sdk#13312, #13862; `cf-mitigated` is
// documented.
const isBlocked = ({ headers, status }: Answer, text: string) =>
  headers["cf-mitigated"] !== undefined ||
  (status === 403 && /<(?:html|head|title|h1)\b|error code: 1\d{3}\b/i.test(text))

const isChallenge = ({ headers }: Answer, text: string) =>
  headers["cf-mitigated"] === "challenge" || text.includes("<title>Just a moment...</title>")

const refused = (answer: Answer, envelope: Envelope.Envelope, text: string): Failure => {
  const { show, status } = answer
  const problem = Envelope.problem(envelope)
  if (Option.isSome(problem)) return edgeError(answer, problem.value)
  const errors = Envelope.errors(envelope, show)
  if (errors.length > 0) return Failures.refused({ ...known(answer), errors })
  const { success } = envelope
  const said = success === undefined ? "no `success`" : `success: ${PlainText.json(success, show)}`
  const facts = { ...known(answer), detail: `the envelope has ${said} and no errors; the answer was ${show(text)}` }
  if (!isGood(status)) return Failures.refused(facts)
  const isEmpty = success === false || !Envelope.saysSomething(envelope)
  return { ...facts, reason: isEmpty ? "MalformedResponse" : "UnexpectedResponse" }
}

const edgeError = (answer: Answer, { detail, error_code, ray_id, retry_after, title }: Envelope.Problem): Failure => {
  const message = [title, detail].filter((text) => text !== undefined).join(": ") || "an error of Cloudflare's edge"
  const facts = {
    ...(ray_id !== undefined && { ray: ray_id }),
    ...(retry_after !== undefined && { retryAfter: Duration.seconds(retry_after) }),
    ...known(answer),
    errors: [{ code: error_code, message }]
  }
  return answer.status === 403
    ? { ...facts, reason: "Blocked", isChallenge: isChallenge(answer, "") }
    : Failures.refused(facts)
}

const misshapen = (answer: Answer, result: unknown, message: string): Failure => {
  const { show } = answer
  const shown = result === undefined ? "missing" : PlainText.json(result, show)
  return {
    ...known(answer),
    detail: `result: ${show(message)}; the result was ${shown}`,
    reason: Envelope.saysSomething(result) ? "UnexpectedResponse" : "MalformedResponse"
  }
}

/** The facts about a call with an answer, or its head. */
export const known = (answer: Omit<Answer, "body">): Facts & { readonly status: number } => {
  const ray = answer.headers["cf-ray"]
  const wait = retryAfter(answer)
  return {
    ...answer.call,
    status: answer.status,
    ...(ray !== undefined && { ray }),
    ...(wait !== undefined && { retryAfter: wait })
  }
}

// A repeated header is joined. More digits would be more than thirty years.
const seconds = /^(\d{1,9})(?:\s*,\s*\1)*$/

/**
 * How long Cloudflare asks to wait, if it does.
 *
 * A date is measured against the answer's own `Date`, so that a wrong clock does not change the wait.
 */
export const retryAfter = ({ headers, receivedAt }: Omit<Answer, "body">): Duration.Duration | undefined => {
  const header = headers["retry-after"]
  if (header === undefined) return undefined
  const digits = seconds.exec(header.trim())?.[1]
  if (digits !== undefined) return Duration.seconds(Number(digits))
  const [until, sentAt] = [header, headers["date"] ?? ""].map((text) =>
    Result.getOrUndefined(Result.map(Headers.parseHttpDate(text), DateTime.toEpochMillis))
  )
  return until === undefined ? undefined : Duration.millis(Math.max(0, until - (sentAt ?? receivedAt)))
}
