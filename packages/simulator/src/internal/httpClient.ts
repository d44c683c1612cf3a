/**
 * The way in without sockets: an `HttpClient` that asks the application directly.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Application } from "./application.ts"
import { deliver } from "./delivery.ts"
import type { Answer } from "./exchange.ts"

// HTTP takes an answer for whole when all bytes of its length have come, whatever becomes of the connection.
const withoutConnection = (answer: Answer): Answer =>
  answer.delivery.sent === "all" ? { ...answer, delivery: { sent: "all", ending: "end" } } : answer

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
    const response = yield* deliver(
      withoutConnection(answer),
      Effect.suspend(() => Effect.fail(failure(new Error("read ECONNRESET"))))
    )
    return HttpServerResponse.toClientResponse(response, { request })
  }))
