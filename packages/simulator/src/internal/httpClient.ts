/** Access without sockets: an `HttpClient` that calls the application directly. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type { Application } from "./application.ts"
import type { Answer } from "./exchange.ts"

const encoder = new TextEncoder()

/** Delivers the answer; `reset` is the failure for a broken connection. */
const respond = <E>(
  { body, contentType, delivery: { ending, sent }, headers, status }: Answer,
  reset: Effect.Effect<never, E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E> => {
  // In HTTP an answer is complete once all bytes of its length have arrived, even if the connection then breaks.
  if (sent === "all") {
    return Effect.succeed(
      body === ""
        ? HttpServerResponse.empty({ status, headers })
        : HttpServerResponse.text(body, { status, headers, contentType })
    )
  }
  const rest = ending === "stall" ? Effect.never : reset
  if (sent === "nothing") return rest
  const bytes = encoder.encode(body)
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2))
  return Effect.succeed(HttpServerResponse.stream(
    Stream.concat(Stream.succeed(half), Stream.fromEffect(rest)),
    { status, headers, contentType, contentLength: bytes.length }
  ))
}

export const make = ({ handle }: Application): HttpClient.HttpClient =>
  HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const failure = (cause: unknown) =>
      new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
    const body = yield* Effect.mapError(HttpServerRequest.fromClientRequest(request).text, failure)
    const answer = yield* handle({
      method: request.method,
      url: `${url.pathname}${url.search}`,
      headers: request.headers,
      body
    })
    const response = yield* respond(answer, Effect.suspend(() => Effect.fail(failure(new Error("read ECONNRESET")))))
    return HttpServerResponse.toClientResponse(response, { request })
  }))
