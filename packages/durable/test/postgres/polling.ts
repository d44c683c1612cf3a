/**
 * A poller of a simulated Cloudflare.
 */
import { Simulator } from "@bulk-operations/simulator"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import * as Cloudflare from "../Cloudflare.ts"

/** Polls with this user agent, which shows whose poll it is. */
export const layer = (baseUrl: string, userAgent: string) => {
  const named = Effect.map(
    HttpClient.HttpClient,
    HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", userAgent))
  )
  return Cloudflare.layerPoller(baseUrl, Simulator.accountId).pipe(
    Layer.provide(Layer.effect(HttpClient.HttpClient, named)),
    Layer.provide(FetchHttpClient.layer)
  )
}
