/**
 * The HTTP client for Cloudflare's API: credentials, base URL, envelope, errors and retries.
 *
 * `request` sends an HTTP request below the base URL and returns the decoded `result` of the answer, or fails with a
 * `CloudflareError`. The application provides the transport (`HttpClient`).
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import { AccountId } from "./BulkOperation.ts"
import type { CloudflareError } from "./CloudflareError.ts"
import type * as Credentials from "./Credentials.ts"
import * as BaseUrl from "./internal/baseUrl.ts"
import * as Caller from "./internal/caller.ts"
import * as Durations from "./internal/duration.ts"
import type { ResultInfo } from "./internal/envelope.ts"
import * as Exchange from "./internal/exchange.ts"
import * as Transport from "./internal/transport.ts"
import { defaultBaseUrl } from "./RequestBudget.ts"

/** The timeout, retries and trace headers of requests. An invalid duration is a defect of the call. */
export interface Policy {
  /**
   * How long one attempt may take, from resolving the credentials to the end of the body, not counting the wait for its
   * turn in the `RequestBudget`. Default 30 seconds; `"Infinity"` for no limit.
   */
  readonly timeout: Duration.Input
  /**
   * When to retry a safe request (GET, HEAD, OPTIONS) after a transient error (`CloudflareError.isRetryable`). Default
   * three times, after about 0.5, 1 and 2 seconds; `undefined` for never. A longer `Retry-After` is obeyed, up to
   * `maxRetryAfter`.
   */
  readonly retry: Schedule.Schedule<unknown, CloudflareError> | undefined
  /** The longest `Retry-After` that is obeyed. Default 1 minute. */
  readonly maxRetryAfter: Duration.Input
  /** Whether to send `traceparent` and `b3` headers to Cloudflare. Default: no. */
  readonly propagateTraces: boolean
}

/**
 * The default policy.
 *
 * @example
 * import { CloudflareApi } from "@bulk-operations/core"
 * import { Layer } from "effect"
 *
 * export const Impatient = Layer.succeed(CloudflareApi.RequestPolicy, {
 *   ...CloudflareApi.defaultPolicy,
 *   timeout: "5 seconds"
 * })
 */
export const defaultPolicy: Policy = {
  timeout: Duration.seconds(30),
  retry: Schedule.exponential("500 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 3 })),
  maxRetryAfter: Duration.minutes(1),
  propagateTraces: false
}

/**
 * The policy of requests. Provide it to an application with `Layer.succeed`, or to one call with
 * `Effect.updateService`.
 *
 * @example
 * import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
 * import { Duration, Effect } from "effect"
 *
 * const impatient = { timeout: Duration.seconds(2), retry: undefined }
 * const once = BulkOperations.BulkOperations.use((operations) => operations.get("4da8780eeb215e6cb7f48dd981c4ea02")).pipe(
 *   Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, ...impatient }))
 * )
 */
export const RequestPolicy = Context.Reference<Policy>("@bulk-operations/core/CloudflareApi/RequestPolicy", {
  defaultValue: () => defaultPolicy
})

/** The head of an answer from Cloudflare. */
export interface AnswerHead {
  readonly status: number
  readonly headers: Headers.Headers
}

/**
 * Is notified of every answer, before its body is read: for facts that only the headers have, such as Cloudflare's
 * clock (`Date`). `RequestBudget` already handles the limits in the headers.
 *
 * @example
 * import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
 * import { Effect } from "effect"
 *
 * export const withRay = (operationId: string) =>
 *   BulkOperations.BulkOperations.use((operations) => operations.get(operationId)).pipe(
 *     Effect.provideService(CloudflareApi.AnswerObserver, ({ headers }) => Effect.logDebug(headers["cf-ray"]))
 *   )
 */
export const AnswerObserver = Context.Reference<(answer: AnswerHead) => Effect.Effect<void>>(
  "@bulk-operations/core/CloudflareApi/AnswerObserver",
  { defaultValue: () => () => Effect.void }
)

/**
 * A page of a longer result: the readable parts of Cloudflare's `result_info`. If a cursor is absent, there is no page
 * before or after this one.
 */
export type { ResultInfo }

/** A successful answer: the decoded `result` with its metadata. */
export interface Answer<A> extends AnswerHead {
  readonly result: A
  /** Empty if the answer has none. */
  readonly resultInfo: ResultInfo
  /**
   * Makes the `UnexpectedResponse` for a result that can be decoded but is not what was requested, with all facts about
   * the answer. The detail may contain texts of the answer: the caller's secret is redacted from it.
   */
  readonly unexpected: (detail: string) => CloudflareError
}

/** Options of `layer`. */
export interface Options {
  /**
   * The caller's credentials. An effect runs for every request, so that tokens can rotate; if it fails with any error,
   * the request fails with `Unauthorized` and the message of that error.
   */
  readonly credentials: Credentials.Credentials | Effect.Effect<Credentials.Credentials, unknown>
  /** The default account of calls. */
  readonly accountId?: string | undefined
  /** The URL of the API, without credentials, query or hash. Default `https://api.cloudflare.com/client/v4`. */
  readonly baseUrl?: string | undefined
}

/**
 * Sends requests to Cloudflare's API.
 *
 * @example
 * import { CloudflareApi, Credentials } from "@bulk-operations/core"
 * import { Simulator } from "@bulk-operations/simulator"
 * import { Effect, Layer, Redacted, Schema } from "effect"
 * import { HttpClientRequest } from "effect/http"
 *
 * // An endpoint that this library does not cover.
 * const verify = CloudflareApi.CloudflareApi.use((api) =>
 *   api.request(HttpClientRequest.get("/user/tokens/verify"), Schema.Struct({ status: Schema.String }))
 * )
 * const simulated = CloudflareApi.layer({ credentials: Credentials.apiToken(Redacted.make("any-token")) }).pipe(
 *   Layer.provide(Simulator.layerHttpClient())
 * )
 *
 * await Effect.runPromise(Effect.provide(verify, simulated)) // => { status: "active" }
 */
export class CloudflareApi extends Context.Service<CloudflareApi, {
  /** The default account of calls. */
  readonly accountId: string | undefined

  /**
   * Sends a request and returns the decoded `result` of Cloudflare's answer.
   *
   * The request's URL is a path below the base URL (`/accounts/…`). Any 2xx with `success: true` is a success; at most
   * 16 MiB of it are read. Everything else is a `CloudflareError`. `RequestPolicy` sets timeout and retries.
   */
  readonly request: <A>(
    request: HttpClientRequest.HttpClientRequest,
    result: Schema.Decoder<A>
  ) => Effect.Effect<A, CloudflareError>

  /** Like `request`, but also returns `result_info` for the next page, HTTP status and headers. */
  readonly answer: <A>(
    request: HttpClientRequest.HttpClientRequest,
    result: Schema.Decoder<A>
  ) => Effect.Effect<Answer<A>, CloudflareError>
}>()("@bulk-operations/core/CloudflareApi") {}

const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"])

/**
 * The service over the transport in the context.
 *
 * @example
 * import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
 * import { Effect, Redacted } from "effect"
 *
 * // For a single call, without a layer.
 * export const status = Effect.gen(function*() {
 *   const credentials = Credentials.apiToken(Redacted.make("any-token"))
 *   const api = yield* CloudflareApi.make({ credentials, accountId: "023e105f4ecef8ad9ca31a8372d0c353" })
 *   const operations = yield* Effect.provideService(BulkOperations.make, CloudflareApi.CloudflareApi, api)
 *   return (yield* operations.get("4da8780eeb215e6cb7f48dd981c4ea02")).status
 * })
 */
export const make = Effect.fnUntraced(function*(options: Options) {
  const client = yield* HttpClient.HttpClient
  const settings: Exchange.Settings = {
    client,
    transport: yield* Transport.contextOf(client),
    baseUrl: BaseUrl.parse(options.baseUrl ?? defaultBaseUrl),
    caller: Effect.isEffect(options.credentials)
      ? Caller.resolve(options.credentials)
      : yield* Effect.exit(Caller.resolve(Effect.succeed(options.credentials)))
  }

  const answer = Effect.fnUntraced(function*<A>(
    request: HttpClientRequest.HttpClientRequest,
    result: Schema.Decoder<A>
  ): Effect.fn.Return<Answer<A>, CloudflareError> {
    const { propagateTraces, retry, timeout, ...policy } = yield* RequestPolicy
    const maxRetryAfter = Durations.notNegative("maxRetryAfter of RequestPolicy", policy.maxRetryAfter)
    const observe = yield* AnswerObserver
    const once = Exchange.send(settings, {
      request,
      result,
      timeout: Durations.positive("timeout of RequestPolicy", timeout),
      propagateTraces,
      observe
    })
    if (retry === undefined || !safeMethods.has(request.method)) return yield* once
    // Most requests succeed at once. Running them under a schedule would cost an eighth of what this library adds to a
    // get.
    return yield* Effect.catch(once, (error) => {
      const first = [Effect.fail(error)]
      return Effect.retry(Effect.suspend(() => first.pop() ?? once), retrySchedule(retry, maxRetryAfter))
    })
  })

  const request = <A>(request: HttpClientRequest.HttpClientRequest, result: Schema.Decoder<A>) =>
    Effect.map(answer(request, result), ({ result }) => result)

  return CloudflareApi.of({ accountId: options.accountId, answer, request })
})

const retrySchedule = (
  schedule: Schedule.Schedule<unknown, CloudflareError>,
  maxRetryAfter: Duration.Duration
) =>
  schedule.pipe(
    Schedule.while(({ input }) => input.isRetryable),
    Schedule.modifyDelay(({ duration, input: { retryAfter } }) =>
      Effect.succeed(
        retryAfter === undefined
          ? duration
          : Duration.max(duration, Duration.min(retryAfter, maxRetryAfter))
      )
    )
  )

/** The service from explicit options. */
export const layer = (options: Options): Layer.Layer<CloudflareApi, never, HttpClient.HttpClient> =>
  Layer.effect(CloudflareApi, make(options))

/**
 * The service from the environment: `CLOUDFLARE_API_TOKEN`, or `CLOUDFLARE_EMAIL` with `CLOUDFLARE_API_KEY`; and, if
 * set, `CLOUDFLARE_ACCOUNT_ID` and `CLOUDFLARE_BASE_URL`.
 *
 * A `ConfigError` names the missing, empty or malformed variable, but never its value.
 */
export const layerConfig: Layer.Layer<CloudflareApi, Config.ConfigError, HttpClient.HttpClient> =
  // Marked as pure, so that bundlers can omit `Config` from programs that do not read the environment.
  /* @__PURE__ */ Layer.effect(
    CloudflareApi,
    /* @__PURE__ */ Effect.suspend(() =>
      Effect.flatMap(
        Config.all({
          credentials: Caller.config(),
          accountId: Config.option(Config.schema(AccountId, "CLOUDFLARE_ACCOUNT_ID")),
          baseUrl: Config.option(Config.schema(BaseUrl.BaseUrl, "CLOUDFLARE_BASE_URL"))
        }),
        ({ accountId, baseUrl, credentials }) =>
          make({ credentials, accountId: Option.getOrUndefined(accountId), baseUrl: Option.getOrUndefined(baseUrl) })
      )
    )
  )
