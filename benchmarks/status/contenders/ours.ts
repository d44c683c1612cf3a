/**
 * This library, on `fetch` or undici, with Effect's tracer on (as it is by default) or off.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { FetchHttpClient } from "effect/http"
import { type Make, ofEffect } from "../../harness/contender.ts"
import { accountId, apiToken, check, operationId } from "../account.ts"

export const make: Make = async ({ baseUrl = "", tracing, transport }) => {
  const runtime = ManagedRuntime.make(
    BulkOperations.layer.pipe(
      Layer.provide(CloudflareApi.layer({
        credentials: Credentials.apiToken(Redacted.make(apiToken)),
        accountId,
        baseUrl
      })),
      Layer.provide(transport === "undici" ? NodeHttpClient.layerUndici : FetchHttpClient.layer),
      Layer.merge(Layer.succeed(References.TracerEnabled, tracing === "on"))
    )
  )
  const operations = await runtime.runPromise(BulkOperations.BulkOperations)
  return ofEffect(runtime, () => Effect.map(operations.get(operationId), check))
}
