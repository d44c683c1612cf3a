/**
 * Reading an answer's body without trusting its size.
 */
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

/** The beginning of a body, and whether that is all of it. */
export interface Body {
  readonly text: string
  readonly complete: boolean
}

/**
 * At most `limit` bytes of the body as text; the connection of a longer one is closed.
 *
 * A short body whose length is known is read in one go, which is several times cheaper than a stream. A compressed one
 * is not trusted to be short.
 */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Headers.Headers,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  headers["content-encoding"] === undefined && Number(headers["content-length"]) <= limit
    ? Effect.map(response.text, (text) => ({ text, complete: true }))
    : readStream(response, limit)

const readStream = Effect.fnUntraced(
  function*(response: HttpClientResponse.HttpClientResponse, limit: number) {
    const decoder = new TextDecoder()
    let text = ""
    let size = 0
    yield* Stream.runForEachWhile(response.stream, (bytes) =>
      Effect.sync(() => {
        const room = limit - size
        size += bytes.length
        text += decoder.decode(room < bytes.length ? bytes.subarray(0, room) : bytes, { stream: true })
        return size <= limit
      }))
    return { text: text + decoder.decode(), complete: size <= limit }
  },
  // fetch has no stream for an answer without a body.
  Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.succeed({ text: "", complete: true }))
)
