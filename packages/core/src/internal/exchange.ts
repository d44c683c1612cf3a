/**
 * One request and its answer: credentials, budget, timeout, span, transport, body, envelope, and one error for
 * everything that can go wrong.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Headers from "effect/http/Headers"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import * as References from "effect/References"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { CloudflareError } from "../CloudflareError.ts"
import * as Answer from "./answer.ts"
import * as Body from "./body.ts"
import * as Admission from "./budget/admission.ts"
import * as Caller from "./caller.ts"
import type { Facts, Failure } from "./failure.ts"
import * as Failures from "./failure.ts"
import * as PlainText from "./plainText.ts"
import * as Transport from "./transport.ts"

/** The settings of a client. */
export interface Settings {
  readonly client: HttpClient.HttpClient
  /** Services that the application gave only to the client's transport. */
  readonly transport: Context.Context<never>
  /** The base URL, or what is wrong with it. */
  readonly baseUrl: Result.Result<URL, string>
  readonly caller: Effect.Effect<Caller.Caller, Caller.Refused>
}

/** One request. */
export interface Options<A> {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly result: Schema.Decoder<A>
  readonly timeout: Duration.Duration
  readonly propagateTraces: boolean
  readonly observe: (answer: { readonly status: number; readonly headers: Headers.Headers }) => Effect.Effect<void>
}

/** A success and the head of its answer. */
export interface Received<A> extends Answer.Success<A> {
  readonly status: number
  readonly headers: Headers.Headers
  readonly unexpected: (detail: string) => CloudflareError
}

const maxBodySize = 16 * 1024 * 1024

/**
 * Sends a request once, when the budget of its credentials admits it. Its timeout does not include the wait for that.
 */
export const send = Effect.fnUntraced(function*<A>(
  settings: Settings,
  options: Options<A>
): Effect.fn.Return<Received<A>, CloudflareError> {
  const { request, timeout } = options
  const call = {
    method: request.method,
    path: request.url.replace(/[?#].*/s, ""),
    ...(Result.isSuccess(settings.baseUrl) && { host: settings.baseUrl.success.host })
  }
  const progress: Progress = { show: PlainText.show, route: { origin: undefined, sent: 0 }, head: undefined }
  const within = (limit: Duration.Duration) =>
    Effect.timeoutOrElse({
      duration: limit,
      orElse: () => Effect.fail(Failures.toError(late(call, timeout, progress), progress.show))
    })
  const preparing = prepare(settings, request, call)
  // Static credentials take no time.
  const [took, ready] = Exit.isExit(settings.caller)
    ? [Duration.zero, yield* preparing] as const
    : yield* Effect.timed(within(timeout)(preparing))
  progress.show = ready.caller.show
  const exchanged = within(Duration.subtract(timeout, took))(exchange(settings, options, call, ready, progress))
  return yield* Admission.through(ready.caller.budgetKey(ready.baseUrl), call.path, exchanged, () => progress.head)
})

/** What is known when something fails. */
interface Progress {
  show: PlainText.Show
  readonly route: Transport.Route
  head: Admission.Head | undefined
}

const late = (call: Facts, limit: Duration.Duration, { route }: Progress): Failure => ({
  ...call,
  reason: "Timeout",
  detail: `no complete answer within ${Duration.format(limit)}`,
  ...(route.sent === 0 && { neverSent: true })
})

/** A request that can be sent, with its caller and URL. */
interface Ready {
  readonly caller: Caller.Caller
  readonly baseUrl: URL
  readonly prepared: HttpClientRequest.HttpClientRequest
}

// Not every transport decodes: undici does not. Without the header, any encoding is allowed (RFC 9110, section 12.5.3).
const unencoded = { "accept-encoding": "identity" }

const prepare = Effect.fnUntraced(function*(
  settings: Settings,
  request: HttpClientRequest.HttpClientRequest,
  call: Facts
): Effect.fn.Return<Ready, CloudflareError> {
  if (Result.isFailure(settings.baseUrl)) return yield* refuse(call, `the base URL: ${settings.baseUrl.failure}`)
  const problem = Transport.unsendable(request)
  if (problem !== undefined) return yield* refuse(call, problem)
  const caller = yield* Effect.mapError(
    settings.caller,
    (failure) => Failures.toError({ ...call, ...failure }, PlainText.show)
  )
  const baseUrl = settings.baseUrl.success
  const prepared = request.pipe(
    HttpClientRequest.prependUrl(baseUrl.href),
    HttpClientRequest.setHeaders({ ...unencoded, ...request.headers, ...caller.headers })
  )
  return { caller, baseUrl, prepared }
})

const exchange = Effect.fnUntraced(function*<A>(
  settings: Settings,
  options: Options<A>,
  call: Facts,
  { baseUrl, caller, prepared }: Ready,
  progress: Progress
): Effect.fn.Return<Received<A>, CloudflareError> {
  const { propagateTraces, request } = options
  const received = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.mapError(
      converse(settings, { ...options, request }, call, progress),
      (failure) => Failures.toError(failure, caller.show)
    )
  if (!(yield* References.TracerEnabled)) return yield* received(prepared)
  const attributes = {
    "http.request.method": request.method,
    "server.address": baseUrl.hostname,
    "url.full": caller.show(`${baseUrl.href.replace(/\/$/, "")}${call.path}`)
  }
  return yield* Effect.useSpan(
    request.method,
    { kind: "client", attributes },
    (span) =>
      received(propagateTraces ? HttpClientRequest.setHeaders(prepared, HttpTraceContext.toHeaders(span)) : prepared)
        .pipe(
          Effect.tap(({ status }) => Effect.sync(() => span.attribute("http.response.status_code", status))),
          Effect.tapError(({ reason }) =>
            Effect.sync(() => {
              span.attribute("error.type", reason._tag)
              if (reason.status !== undefined) span.attribute("http.response.status_code", reason.status)
            })
          ),
          Effect.withParentSpan(span, { captureStackTrace: false })
        )
  )
})

const refuse = (call: Facts, detail: string) =>
  Effect.fail(Failures.toError({ ...call, reason: "InvalidRequest", detail }, PlainText.show))

// Sends a complete request and interprets the answer.
const converse = Effect.fnUntraced(function*<A>(
  { client, transport }: Settings,
  { observe, request, result }: Options<A>,
  call: Facts,
  progress: Progress
): Effect.fn.Return<Received<A>, Failure> {
  const { route, show } = progress
  const response = yield* Transport.send(client, request, transport, call, route)
  // The transports rebuild the headers at every access.
  const { headers, status } = response
  const head = { call, status, headers, show, receivedAt: yield* Clock.currentTimeMillis }
  progress.head = { status, headers, retryAfter: Answer.retryAfter(head) }
  yield* observe({ status, headers })
  const body = yield* Body.read(response, headers, maxBodySize).pipe(
    Effect.mapError((error) => Transport.failure(error, Answer.known(head), route))
  )
  const decoded = yield* Answer.decode({ ...head, body }, result)
  const unexpected = (detail: string) =>
    Failures.toError({ ...Answer.known(head), detail, reason: "UnexpectedResponse" }, show)
  return { ...decoded, status, headers, unexpected }
})
