/**
 * This library: a wait, with its deadline, its budget and its tolerance of transient errors.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Run } from "../../bundle.ts"

export const run: Run = ({ accountId, apiToken, baseUrl, operationId }) =>
  BulkOperationPoller.BulkOperationPoller.use((poller) => poller.wait(operationId)).pipe(
    Effect.provide(
      BulkOperationPoller.layer.pipe(
        Layer.provide(BulkOperations.layer),
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
