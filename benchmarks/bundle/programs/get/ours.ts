/**
 * This library: one poll.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Run } from "../../bundle.ts"

export const run: Run = ({ accountId, apiToken, baseUrl, operationId }) =>
  BulkOperations.BulkOperations.use((operations) => operations.get(operationId)).pipe(
    Effect.provide(
      BulkOperations.layer.pipe(
        Layer.provide(CloudflareApi.layer({
          credentials: Credentials.apiToken(Redacted.make(apiToken)),
          accountId,
          baseUrl
        })),
        Layer.provide(FetchHttpClient.layer)
      )
    ),
    Effect.runPromise
  )
