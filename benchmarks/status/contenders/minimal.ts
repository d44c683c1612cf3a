/**
 * The least one can do with Effect's `HttpClient`: `execute`, `text` and `JSON.parse`, without tracing. What it costs
 * above the floor is Effect's own share.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, ManagedRuntime, References } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { type Make, ofEffect } from "../../harness/contender.ts"
import { apiToken, check, urlOf } from "../account.ts"

export const make: Make = async ({ baseUrl = "" }) => {
  const runtime = ManagedRuntime.make(NodeHttpClient.layerUndici)
  const client = await runtime.runPromise(HttpClient.HttpClient)
  const request = HttpClientRequest.get(urlOf(baseUrl), { headers: { authorization: `Bearer ${apiToken}` } })
  const get = client.execute(request).pipe(
    Effect.flatMap((response) => response.text),
    Effect.map((text) => check(JSON.parse(text).result)),
    Effect.provideService(References.TracerEnabled, false),
    Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
  )
  return ofEffect(runtime, () => get)
}
