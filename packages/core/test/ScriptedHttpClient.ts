/**
 * A transport without sockets, for what has to be true to the millisecond of the test's clock.
 */
import { Clock, Effect, Layer } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"

/** What a request is answered: a response, nothing ever, or no connection. */
export type Answer = "hang" | "reset" | {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface Sent {
  /** In milliseconds of the clock. */
  readonly at: number
  readonly request: HttpClientRequest.HttpClientRequest
}

/** The first request gets the first answer, and so on; the last answer stays. */
export const make = (...answers: readonly [Answer, ...ReadonlyArray<Answer>]): {
  readonly sent: ReadonlyArray<Sent>
  readonly layer: Layer.Layer<HttpClient.HttpClient>
} => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)]
      sent.push({ at, request })
      if (answer === undefined || answer === "hang") return Effect.never
      return answer === "reset" ? Effect.fail(reset(request)) : Effect.succeed(respond(request, answer))
    })
  )
  return { sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const reset = (request: HttpClientRequest.HttpClientRequest) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, cause: new Error("read ECONNRESET") })
  })

const respond = (request: HttpClientRequest.HttpClientRequest, { body, ...head }: Exclude<Answer, string>) =>
  HttpClientResponse.fromWeb(request, new Response(body === undefined ? null : JSON.stringify(body), head))
