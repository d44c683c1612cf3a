/**
 * `@distilled.cloud/cloudflare`: one look.
 */
import { fromApiToken } from "@distilled.cloud/cloudflare/Credentials"
import { getListBulkOperation } from "@distilled.cloud/cloudflare/rules"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/unstable/http"

/** @type {import("../../bundle/program.ts").Run} */
export const run = ({ accountId, apiToken, baseUrl, operationId }) =>
  getListBulkOperation({ accountId, operationId }).pipe(
    Effect.provide([fromApiToken({ apiToken, apiBaseUrl: baseUrl }), FetchHttpClient.layer]),
    Effect.runPromise
  )
