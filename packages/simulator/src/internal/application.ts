/** The HTTP application: turns a request into an answer, independent of the transport. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Account from "./account.ts"
import * as Cors from "./cors.ts"
import * as Credentials from "./credentials.ts"
import * as Endpoints from "./endpoints.ts"
import type { Answer, Request } from "./exchange.ts"
import type { Faults } from "./faults.ts"
import type { Query } from "./items/itemPage.ts"
import * as Refusals from "./refusals.ts"
import * as Reply from "./reply.ts"
import type { RequestLimit } from "./requestLimit.ts"
import type { RequestLog } from "./requestLog.ts"
import * as Spoil from "./spoil.ts"
import type { State } from "./state.ts"
import * as Timestamp from "./timestamp.ts"

export interface Application {
  readonly handle: (request: Request) => Effect.Effect<Answer>
}

export interface Options {
  readonly state: State
  readonly faults: Faults
  readonly clock: Clock.Clock
  readonly requestLimit: RequestLimit
  readonly requestLog: RequestLog
  readonly credentials: Credentials.Known
  readonly anyAccountId: boolean
  readonly cors: boolean
  readonly timestamps: Timestamp.TimestampFormat
  readonly newId: () => string
  /** How many redirects of an account may have the same source path. */
  readonly samePath: number
  readonly newRay: () => string
  readonly newAuditLogId: (now: number) => string
}

// From recorded answers of Lists and of other parts of the API. Without Strict-Transport-Security, because there is no
// TLS.
const ofEdge = { server: "cloudflare", vary: "Accept-Encoding" }
const ofApi = { "cf-cache-status": "DYNAMIC", "x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN" }

const endpointOf = (route: Endpoints.Found) => Option.map(Result.getSuccess(route), ({ handler }) => handler.endpoint)

const noQuery: Query = { cursor: undefined, perPage: undefined, search: undefined }

const queryOf = (url: string): Query => {
  const start = url.indexOf("?")
  if (start === -1) return noQuery
  const query = new URLSearchParams(url.slice(start))
  const get = (name: string) => query.get(name) ?? undefined
  return { cursor: get("cursor"), perPage: get("per_page"), search: get("search") }
}

const pathOf = (url: string) => url.split("?")[0] ?? url

export const make = (options: Options): Application => {
  const { clock, cors, faults, newAuditLogId, newId, newRay, requestLimit, requestLog, samePath, state } = options
  const check = Credentials.check(options.credentials)
  const timestamp = Timestamp.rfc3339(options.timestamps)

  const callApi = Effect.fnUntraced(function*(
    request: Request,
    identity: Result.Result<Credentials.Identity, Credentials.Problem>,
    route: Endpoints.Found,
    now: number,
    skew: number
  ) {
    const isVerification = Option.exists(endpointOf(route), (endpoint) => endpoint.endsWith("tokens.verify"))
    const refusals = isVerification ? Refusals.verification : Refusals.authentication
    const who = yield* Effect.mapError(
      Effect.fromResult(Result.flatMap(identity, check)),
      (problem) => refusals[problem]
    )
    const { handler, params } = yield* Effect.fromResult(route)
    const accountId = params["account"]
    if (accountId !== undefined && !options.anyAccountId && !Account.isId(accountId)) {
      return yield* Effect.fail(Refusals.noRoute(pathOf(request.url)))
    }
    const account = accountId === undefined ? Account.make() : state.account(accountId, now)
    return yield* handler.handle({
      account,
      isToken: Credentials.isToken(who),
      params,
      query: queryOf(request.url),
      body: request.body,
      now,
      timestamp: (at) => timestamp(at + skew),
      newId,
      samePath,
      start: (list, change) => state.write(account, now, newId(), list.id, change)
    })
  })

  const headersOf = (contentType: string, skew: number) => {
    const now = clock.currentTimeMillisUnsafe()
    return {
      date: Timestamp.httpDate(now + skew),
      ...ofEdge,
      "cf-ray": newRay(),
      ...(contentType === Reply.jsonType ? { ...ofApi, "cf-auditlog-id": newAuditLogId(now) } : {}),
      ...(cors ? Cors.headers : {})
    }
  }

  const handle = Effect.fnUntraced(function*(request: Request) {
    if (cors && Cors.isPreflight(request.method, request.headers)) return Cors.preflight(request)
    const now = clock.currentTimeMillisUnsafe()
    const route = Endpoints.find(request.method, request.url)
    const endpoint = endpointOf(route)
    const where = Option.getOrUndefined(endpoint)
    const { all, latency, skew, spoiler } = yield* faults.meet(where)
    const delivery = Spoil.delivery(spoiler)
    const noteAnswer = requestLog.add({
      receivedAt: DateTime.makeUnsafe(now),
      method: request.method,
      url: request.url,
      endpoint,
      headers: Credentials.withoutSecrets(request.headers),
      body: request.body,
      faults: all
    })
    const identity = Credentials.read(request.headers)
    const { blockedFor, headers } = requestLimit.count(Result.getOrElse(identity, () => ""), now)
    const said = blockedFor !== undefined
      ? Reply.refusal(Refusals.tooManyRequests(blockedFor))
      : Spoil.isCarriedOut(spoiler)
      ? yield* Effect.catch(
        callApi(request, identity, route, now, skew),
        (refusal) => Effect.succeed(Reply.refusal(refusal))
      )
      : Reply.success(null)
    const reply = Spoil.spoil(said, where, spoiler)
    const { contentType, text } = Reply.asText(reply)
    if (!Duration.isZero(latency)) yield* Effect.provideService(Effect.sleep(latency), Clock.Clock, clock)
    if (delivery.sent !== "nothing") noteAnswer(reply.status)
    const answer: Answer = {
      status: reply.status,
      headers: { ...headersOf(contentType, skew), ...headers, ...reply.headers },
      contentType,
      body: text,
      delivery
    }
    return answer
  })

  return { handle }
}
