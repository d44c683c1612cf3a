/**
 * Effect without this library: a request, its JSON decoded by a schema.
 */
import { Effect, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import type { Run } from "../../bundle.ts"

const Answer = Schema.Struct({ result: Schema.Struct({ id: Schema.String, status: Schema.String }) })

export const run: Run = ({ accountId, apiToken, baseUrl, operationId }) =>
  HttpClient.get(`${baseUrl}/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`, {
    headers: { authorization: `Bearer ${apiToken}` }
  }).pipe(
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Answer)),
    Effect.map(({ result }) => result),
    Effect.provide(FetchHttpClient.layer),
    Effect.runPromise
  )
