/** Reads an answer's body without trusting its size. */
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"

/** A whole body as text, or one that is longer than the limit, or one that the transport does not decode. */
export type Body =
  | { readonly kind: "whole"; readonly text: string }
  | { readonly kind: "long" }
  | { readonly kind: "encoded"; readonly encoding: string }

/** Reads a body of at most `limit` bytes; the connection of a longer one is closed. */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Headers.Headers,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    const web = Option.getOrUndefined(HttpClientResponse.toWeb(response))
    const source = web && unread(web)
    // Effect stops an upload in flight only if it reads the answer itself.
    if (source !== undefined && response.request.body._tag !== "Stream") return readWeb(response, source, limit)
    const encoding = headers["content-encoding"] ?? "identity"
    // fetch keeps the header of a body that it has decoded.
    if (web === undefined && encoding !== "identity") return Effect.succeed({ kind: "encoded", encoding })
    // A short body of known length is read at once, which is several times cheaper than a stream. A body that the
    // application's client has already read is in memory.
    return (encoding === "identity" && Number(headers["content-length"]) <= limit) || web?.bodyUsed === true
      ? Effect.map(response.text, (text) => ({ kind: "whole", text }))
      : readStream(response, limit)
  })

// Not every `fetch` has a web stream as body, and not every answer has a body.
const unread = ({ body, bodyUsed }: Response) =>
  !bodyUsed && Predicate.hasProperty(body, "getReader") && !body.locked ? body : undefined

const collector = (limit: number) => {
  const decoder = new TextDecoder()
  let text = ""
  let size = 0
  return {
    /** Adds bytes; returns whether there is room for more. */
    take: (bytes: Uint8Array): boolean => {
      size += bytes.length
      if (size <= limit) text += decoder.decode(bytes, { stream: true })
      return size <= limit
    },
    body: (): Body => size <= limit ? { kind: "whole", text: text + decoder.decode() } : { kind: "long" }
  }
}

const readStream = (response: HttpClientResponse.HttpClientResponse, limit: number) => {
  const { body, take } = collector(limit)
  return Stream.runForEachWhile(response.stream, (bytes) => Effect.sync(() => take(bytes))).pipe(
    // fetch has no stream for an answer without a body.
    Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.void),
    Effect.map(body)
  )
}

// Reads fetch's stream directly: Effect's own stream of a web body aborts the finished request at its end, and reading
// a chunked answer, which is what Cloudflare sends, would take 1.3 times as long.
const readWeb = (
  response: HttpClientResponse.HttpClientResponse,
  source: ReadableStream<Uint8Array>,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> => {
  const { body, take } = collector(limit)
  const reader = source.getReader()
  // Not awaited: it never ends if the application holds an unread clone of the answer.
  const cancel = Effect.forkDetach(Effect.ignore(Effect.tryPromise(() => reader.cancel())), { startImmediately: true })
  const whole = (): Promise<Body> => reader.read().then(({ done, value }) => done || !take(value) ? body() : whole())
  return Effect.tryPromise({
    try: () => whole(),
    catch: (cause) =>
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
      })
  }).pipe(
    Effect.tap(({ kind }) => kind === "long" ? cancel : Effect.void),
    Effect.onInterrupt(() => cancel)
  )
}
