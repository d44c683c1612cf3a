/**
 * The client under test, over each of the transports that it has to work with.
 */
import { BulkOperations, CloudflareApi, type CloudflareError, Credentials } from "@bulk-operations/core"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient, type HttpClient, HttpClientRequest } from "effect/http"
import * as LoopbackServer from "./LoopbackServer.ts"

export type Transport = Layer.Layer<HttpClient.HttpClient>

export const transports: ReadonlyArray<readonly [name: string, transport: Transport]> = [
  ["fetch", FetchHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici]
]

export const secret = "v1.0-5ecretT0ken_that-n0body.may/read+=="
export const apiToken = Credentials.apiToken(Redacted.make(secret))
export const globalKey = Credentials.globalKey({ email: "user@example.com", key: Redacted.make(secret) })

/** The services for account `acc`. */
export const layer = (transport: Transport, options: Partial<CloudflareApi.Options>) =>
  BulkOperations.layer.pipe(
    Layer.provideMerge(CloudflareApi.layer({ credentials: apiToken, accountId: "acc", ...options })),
    Layer.provide(transport)
  )

export type Call<A> = Effect.Effect<
  A,
  CloudflareError.CloudflareError,
  BulkOperations.BulkOperations | CloudflareApi.CloudflareApi
>

export const get = (operationId: string, options?: { readonly accountId?: string | undefined }) =>
  BulkOperations.BulkOperations.use((operations) => operations.get(operationId, options))

/** Sends requests once, whatever happens. */
export const withoutRetry = Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({
  ...policy,
  retry: undefined
}))

/** Cloudflare's envelope round a result. */
export const success = (result: unknown) => ({ success: true, errors: [], messages: [], result })

/** Cloudflare's envelope round its errors. */
export const failure = (...errors: ReadonlyArray<unknown>) => ({ success: false, errors, messages: [], result: null })

/** What `ask` is answered where all is well. */
export const answered = success({ answer: 42 })

export const request = HttpClientRequest.get("/accounts/acc/rules/lists")

/** Any call through `CloudflareApi`. */
export const ask = CloudflareApi.CloudflareApi.use((api) => api.request(request, Schema.Struct({ answer: Schema.Int })))

/** The client of a server with these answers. */
export const serving = (transport: Transport, options?: Partial<CloudflareApi.Options>) =>
  Effect.fnUntraced(function*(...answers: Parameters<typeof LoopbackServer.make>) {
    const server = yield* LoopbackServer.make(...answers)
    const client = yield* Layer.build(layer(transport, { baseUrl: server.url, ...options }))
    const run = <A>(call: Call<A>) => call.pipe(withoutRetry, Effect.provideContext(client))
    return { server, run, fail: (call: Call<unknown>) => Effect.flip(run(call)) }
  })
