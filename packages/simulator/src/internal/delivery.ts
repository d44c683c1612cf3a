/**
 * From an answer to the response that a server or a client hands on, cut where the answer is.
 */
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type { Answer } from "./exchange.ts"

const encoder = new TextEncoder()

/** `reset` breaks the connection that the answer goes over. */
export const deliver = <E>(
  { body, contentType, delivery, headers, status }: Answer,
  reset: Effect.Effect<never, E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E> => {
  const { ending, sent } = delivery
  if (ending === "end") {
    return Effect.succeed(
      body === ""
        ? HttpServerResponse.empty({ status, headers })
        : HttpServerResponse.text(body, { status, headers, contentType })
    )
  }
  const rest = ending === "stall" ? Effect.never : reset
  if (sent === "nothing") return rest
  const bytes = encoder.encode(body)
  const part = sent === "all" ? bytes : bytes.subarray(0, Math.ceil(bytes.length / 2))
  return Effect.succeed(HttpServerResponse.stream(
    Stream.concat(Stream.succeed(part), Stream.fromEffect(rest)),
    { status, headers, contentType, contentLength: bytes.length }
  ))
}
