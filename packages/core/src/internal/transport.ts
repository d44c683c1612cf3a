/**
 * The edge to `HttpClient`: what every request is sent under, and what a failure below HTTP says.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import * as References from "effect/References"
import * as CloudflareError from "../CloudflareError.ts"
import type { Failure } from "./failure.ts"

// A redirect may carry back what it was asked with.
const secretHeaders = ["authorization", "x-auth-email", "x-auth-key", "location"]

/**
 * Runs a request so that nothing leaves that should not: its credentials in no span, no trace headers unless asked for,
 * and no redirect followed, because `fetch` would take `X-Auth-Key` along to another host.
 */
export const isolate = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  options: { readonly transport: Context.Context<never>; readonly propagateTraces: boolean }
): Effect.Effect<A, E, R> =>
  Effect.updateContext(effect, (context: Context.Context<R>) => {
    const requestInit = Context.getOrUndefined(context, FetchHttpClient.RequestInit)
      ?? Context.getOrUndefined(options.transport, FetchHttpClient.RequestInit)
    const base = Context.get(context, References.TracerEnabled)
      ? context
      // Nobody would see the span of the transport, and making it is a tenth of a request's cost.
      : Context.add(context, HttpClient.TracerDisabledWhen, constTrue)
    return base.pipe(
      Context.add(HttpClient.TracerPropagationEnabled, options.propagateTraces),
      Context.add(Headers.CurrentRedactedNames, [
        ...Context.get(context, Headers.CurrentRedactedNames),
        ...secretHeaders
      ]),
      Context.add(FetchHttpClient.RequestInit, { ...requestInit, redirect: "manual" })
    )
  })

/**
 * The context that requests of the client run in, with what the application gave to its transport alone.
 *
 * It can only be seen from within a request; this one ends before anything is sent.
 */
export const contextOf = (client: HttpClient.HttpClient): Effect.Effect<Context.Context<never>> =>
  Effect.contextWith((own: Context.Context<never>) => {
    let seen = own
    const look = Effect.contextWith((context: Context.Context<never>) => {
      seen = context
      return Effect.interrupt
    })
    return HttpClient.mapRequestInputEffect(client, () => look).execute(HttpClientRequest.empty).pipe(
      Effect.exit,
      Effect.map(() => seen)
    )
  })

/** The reason behind a failure of the transport: the request could not be made, or no whole answer came. */
export const reason = (
  error: HttpClientError.HttpClientError,
  known: Omit<Failure, "detail">,
  redact: (text: string) => string
): CloudflareError.Reason => {
  const failure = { ...known, detail: redact(describe(error)) }
  return error.reason._tag === "InvalidUrlError" || error.reason._tag === "EncodeError"
    ? new CloudflareError.InvalidRequest(failure)
    : new CloudflareError.TransportError(failure)
}

/** What a failed transport says, down to the innermost cause: `fetch failed: connect ECONNREFUSED 127.0.0.1:9`. */
export const describe = (error: HttpClientError.HttpClientError): string => {
  const texts: Array<string> = []
  for (let cause: unknown = error.cause; cause !== undefined && texts.length < 8;) {
    const message = Predicate.hasProperty(cause, "message") ? String(cause.message) : String(cause)
    const code = Predicate.hasProperty(cause, "code") && cause.code !== undefined ? String(cause.code) : ""
    texts.push(message === "" || message.includes(code) ? message || code : `${message} (${code})`)
    cause = causeOf(cause)
  }
  return texts.filter((text) => text !== "").join(": ") || error.message
}

// A host with several addresses fails with one error for each, of which the last is as good as any.
const causeOf = (error: unknown): unknown =>
  Predicate.hasProperty(error, "cause")
    ? error.cause
    : Predicate.hasProperty(error, "errors") && Array.isArray(error.errors)
    ? error.errors.at(-1)
    : undefined
