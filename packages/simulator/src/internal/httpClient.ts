/**
 * The way in without sockets: an `HttpClient` that asks the application directly.
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Application } from "./application.ts"

export const make = ({ handle }: Application): HttpClient.HttpClient =>
  HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const body = yield* Effect.orElseSucceed(HttpServerRequest.fromClientRequest(request).text, () => "")
    const answer = yield* handle({
      method: request.method,
      url: `${url.pathname}${url.search}`,
      headers: request.headers,
      body
    })
    const { "content-type": contentType, ...headers } = answer.headers
    return HttpServerResponse.toClientResponse(
      HttpServerResponse.text(answer.body, { status: answer.status, headers, contentType }),
      { request }
    )
  }))
