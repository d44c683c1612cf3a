/** The boundary to `HttpClient`: sends requests, and interprets failures below HTTP. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpMethod from "effect/http/HttpMethod"
import * as Tracer from "effect/Tracer"
import * as Causes from "./causes.ts"
import type { Facts, Failure } from "./failure.ts"
import * as PlainText from "./plainText.ts"

/** Where requests are really sent: the one allowed origin, and how many were sent. */
export interface Route {
  origin: string | undefined
  sent: number
}

/** The application's client was about to send the credentials to another host. */
class Strayed {
  readonly origin: string
  constructor(origin: string) {
    this.origin = origin
  }
}

/**
 * Sends a request to one host only, and without trace headers.
 *
 * `fetch` is told not to follow redirects. An application's own client may still follow them and forward `X-Auth-Key`.
 * The only hook that runs for each request it really sends, before it is sent, is the check whether to trace it; so
 * another host is detected there. The check always says no: a transport's span would contain the request with its
 * headers, and `exchange` has its own span.
 */
export const send = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  transport: Context.Context<never>,
  facts: Facts,
  route: Route
): Effect.Effect<HttpClientResponse.HttpClientResponse, Failure> =>
  Effect.updateContext(client.execute(request), (context: Context.Context<never>) => {
    const requestInit = Context.getOrUndefined(context, FetchHttpClient.RequestInit)
      ?? Context.getOrUndefined(transport, FetchHttpClient.RequestInit)
    // If it is set, the transport would not run the check.
    const asking = Context.get(context, Tracer.DisablePropagation)
      ? Context.add(context, Tracer.DisablePropagation, false)
      : context
    return asking.pipe(
      Context.add(HttpClient.TracerDisabledWhen, ({ url }) => {
        const { origin } = new URL(url)
        route.origin ??= origin
        if (route.origin !== origin) throw new Strayed(origin)
        route.sent++
        return true
      }),
      Context.add(FetchHttpClient.RequestInit, { ...requestInit, redirect: "manual" })
    )
  }).pipe(
    Effect.catch((error) =>
      error.reason._tag === "StatusCodeError"
        // The application's client may treat other statuses as failures; `answer` decides what they mean.
        ? Effect.succeed(error.reason.response)
        : Effect.fail(failure(error, facts, route))
    ),
    Effect.catchDefect((defect) => defect instanceof Strayed ? Effect.fail(strayed(defect, facts)) : Effect.die(defect))
  )

const strayed = ({ origin }: Strayed, facts: Facts): Failure => ({
  ...facts,
  reason: "UnexpectedResponse",
  detail: `a redirect to ${origin}, which the application's HttpClient would have followed with the credentials`
})

/** Why this request can never be sent. */
export const unsendable = (request: HttpClientRequest.HttpClientRequest): string | undefined => {
  const { body, headers, method } = request
  if (!HttpMethod.isHttpMethod(method)) return `there is no HTTP method ${String(method)}`
  if ((method === "GET" || method === "HEAD") && body._tag !== "Empty") return `a ${method} has no body`
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      return `the header ${PlainText.show(name, 100)} holds characters that no header can`
    }
  }
  return undefined
}

/**
 * The context that the client's requests run in, including services that the application gave only to its transport.
 *
 * It is visible only from within a request; this request ends before anything is sent.
 */
export const contextOf = (client: HttpClient.HttpClient): Effect.Effect<Context.Context<never>> =>
  Effect.contextWith((own: Context.Context<never>) => {
    let seen = own
    const capture = Effect.contextWith((context: Context.Context<never>) => {
      seen = context
      return Effect.interrupt
    })
    return HttpClient.mapRequestInputEffect(client, () => capture).execute(HttpClientRequest.empty).pipe(
      Effect.exit,
      Effect.map(() => seen)
    )
  })

/** The reason for a failure of the transport: the request could not be made, or no complete answer arrived. */
export const failure = (error: HttpClientError.HttpClientError, facts: Facts, route: Route): Failure => {
  const causes = Causes.chain(error.cause)
  const said = Causes.describe(error.cause) || error.message
  const known = { ...facts, detail: said === silence ? `${said} without a reason, as when a proxy answers 407` : said }
  const has = (pattern: RegExp) => causes.some(({ code, message }) => pattern.test(code) || pattern.test(message))
  const isOurs = error.reason._tag === "InvalidUrlError" || error.reason._tag === "EncodeError"
  if (isOurs || causes.some(({ code }) => code === "UND_ERR_INVALID_ARG")) return { ...known, reason: "InvalidRequest" }
  const advice = remedies.find(([pattern]) => has(pattern))?.[1]
  if (advice !== undefined) return { ...known, detail: `${known.detail}: ${advice}`, reason: "Unreachable" }
  // A client that retries by itself may have reached Cloudflare before.
  const neverSent = facts.status === undefined && route.sent < 2 && causes.some(isOfConnecting)
  return { ...known, reason: "TransportError", ...(neverSent && { neverSent }) }
}

// The message of Node's fetch for status 407, which it hides.
const silence = "fetch failed"

// Codes of Node's TLS, and messages of its fetch.
const remedies: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /^(?:CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)/,
    "the certificate is not trusted; behind a proxy with its own certificate, name that in NODE_EXTRA_CA_CERTS"
  ],
  [
    /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/,
    "the server there does not use TLS; check whether the base URL should begin with http://, and its port"
  ],
  [/^bad port$/, "fetch does not connect to this port; use another one"],
  [/^Proxy response \(407\)/, "the proxy requires credentials; check its settings"]
]

const isOfConnecting = ({ code, syscall }: Causes.Link) =>
  syscall === "connect" || syscall === "getaddrinfo" || code === "UND_ERR_CONNECT_TIMEOUT"
