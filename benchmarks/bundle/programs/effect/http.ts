/**
 * Effect without this library: a request, its JSON taken for what it should be.
 */
import { Effect } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import type { Run } from "../../program.ts"

export const run: Run = ({ accountId, apiToken, baseUrl, operationId }) =>
  HttpClient.get(`${baseUrl}/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`, {
    headers: { authorization: `Bearer ${apiToken}` }
  }).pipe(
    Effect.flatMap((response) => response.json),
    Effect.map((body) => Object(body).result),
    Effect.provide(FetchHttpClient.layer),
    Effect.runPromise
  )
