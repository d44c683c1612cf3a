/**
 * A poller of a simulated Cloudflare.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"

/** Polls in the name of that user agent, so that it can be told whose poll it is. */
export const layer = (baseUrl: string, userAgent: string) => {
  const named = Effect.map(
    HttpClient.HttpClient,
    HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", userAgent))
  )
  return BulkOperationPoller.layer.pipe(
    Layer.provideMerge(BulkOperations.layer),
    Layer.provide(CloudflareApi.layer({
      credentials: Credentials.apiToken(Redacted.make("token")),
      accountId: Simulator.accountId,
      baseUrl
    })),
    Layer.provide(Layer.effect(HttpClient.HttpClient, named)),
    Layer.provide(FetchHttpClient.layer)
  )
}
