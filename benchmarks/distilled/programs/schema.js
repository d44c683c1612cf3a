/**
 * The Effect that `@distilled.cloud/cloudflare` loads with, and nothing else: a request, its JSON decoded by a schema.
 */
import { Effect, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/unstable/http"

const Answer = Schema.Struct({ result: Schema.Struct({ id: Schema.String, status: Schema.String }) })

/** @type {import("../../bundle/program.ts").Run} */
export const run = ({ accountId, apiToken, baseUrl, operationId }) =>
  HttpClient.get(`${baseUrl}/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`, {
    headers: { authorization: `Bearer ${apiToken}` }
  }).pipe(
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Answer)),
    Effect.map(({ result }) => result),
    Effect.provide(FetchHttpClient.layer),
    Effect.runPromise
  )
