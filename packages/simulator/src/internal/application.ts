/**
 * The HTTP application: from a request, however it came, to an answer, however it goes.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Endpoint } from "../Endpoint.ts"
import * as Credentials from "./credentials.ts"
import * as Endpoints from "./endpoints.ts"
import * as Randomness from "./randomness.ts"
import * as Refusals from "./refusals.ts"
import * as Reply from "./reply.ts"
import type { RequestLimit } from "./requestLimit.ts"
import type { State } from "./state.ts"
import * as Timestamp from "./timestamp.ts"

export interface Request {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Headers.Headers
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One request as the simulator received it. The credential is left out; other headers are as they came. */
export interface ReceivedRequest {
  readonly receivedAt: DateTime.Utc
  readonly method: string
  readonly url: string
  /** None where the path or method is not one of the API's. */
  readonly endpoint: Option.Option<Endpoint>
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
  /** What it was answered; none as long as it was not. */
  readonly status: Option.Option<number>
}

export interface Application {
  readonly handle: (request: Request) => Effect.Effect<Answer>
  readonly requests: ReadonlyArray<ReceivedRequest>
}

export interface Options {
  readonly state: State
  readonly randomness: Randomness.Randomness
  readonly clock: Clock.Clock
  readonly requestLimit: RequestLimit
  /** The accepted credentials; any if absent. */
  readonly accepted: ReadonlySet<Credentials.Identity> | undefined
  readonly timestamps: Timestamp.TimestampFormat
}

export const make = ({ accepted, clock, randomness, requestLimit, state, timestamps }: Options): Application => {
  const requests: Array<ReceivedRequest> = []

  const carryOut = Effect.fnUntraced(function*(
    request: Request,
    identity: Result.Result<Credentials.Identity, Reply.Refusal>,
    route: ReturnType<typeof Endpoints.find>,
    now: number
  ) {
    const who = yield* Effect.fromResult(identity)
    if (accepted !== undefined && !accepted.has(who)) return yield* Effect.fail(Refusals.unknownCredentials)
    const { handler, params } = yield* Effect.fromResult(route)
    const account = state.account(params["account"] ?? "", now)
    const query = new URLSearchParams(request.url.split("?")[1])
    return yield* handler.handler({
      account,
      params,
      query: {
        cursor: query.get("cursor") ?? undefined,
        per_page: query.get("per_page") ?? undefined,
        search: query.get("search") ?? undefined
      },
      body: request.body,
      now,
      timestamp: Timestamp.rfc3339(timestamps),
      newId: state.newId,
      start: (list, change) => state.write(account, now, list.id, change)
    })
  })

  const handle = Effect.fnUntraced(function*(request: Request) {
    const now = yield* Clock.currentTimeMillis
    const route = Endpoints.find(request.method, request.url)
    const entry: ReceivedRequest = {
      receivedAt: DateTime.makeUnsafe(now),
      method: request.method,
      url: request.url,
      endpoint: Option.map(Result.getSuccess(route), ({ handler }) => handler.endpoint),
      headers: Credentials.withoutSecrets(request.headers),
      body: request.body,
      status: Option.none()
    }
    const index = requests.push(entry) - 1
    const identity = Credentials.read(request.headers)
    const { blockedFor, headers } = requestLimit.count(Result.getOrElse(identity, () => ""), now)
    const reply = yield* (blockedFor === undefined
      ? carryOut(request, identity, route, now)
      : Effect.fail(Refusals.tooManyRequests(blockedFor))).pipe(
        Effect.catch((refusal) => Effect.succeed(Reply.refusal(refusal)))
      )
    const answer: Answer = {
      status: reply.status,
      headers: {
        date: Timestamp.httpDate(now),
        "cf-ray": `${Randomness.hex(randomness.ids, 16)}-SIM`,
        server: "cloudflare",
        ...headers,
        ...reply.headers,
        "content-type": reply.body._tag === "Json" ? "application/json" : "text/html; charset=UTF-8"
      },
      body: reply.body._tag === "Json" ? JSON.stringify(reply.body.value) : reply.body.text
    }
    requests[index] = { ...entry, status: Option.some(answer.status) }
    return answer
  }, Effect.provideService(Clock.Clock, clock))

  return { handle, requests }
}
