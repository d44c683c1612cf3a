/**
 * `@distilled.cloud/cloudflare`, with the loop that one writes by hand: no deadline, and the first 502 that outlasts the
 * package's own retries ends it.
 */
import { fromApiToken } from "@distilled.cloud/cloudflare/Credentials"
import { getListBulkOperation } from "@distilled.cloud/cloudflare/rules"
import { Effect, Schedule } from "effect"
import { FetchHttpClient } from "effect/unstable/http"

/** @type {import("../../bundle/program.ts").Run} */
export const run = ({ accountId, apiToken, baseUrl, operationId }) =>
  getListBulkOperation({ accountId, operationId }).pipe(
    Effect.repeat({
      until: ({ status }) => status === "completed" || status === "failed",
      schedule: Schedule.spaced("1 second")
    }),
    Effect.filterOrFail(({ status }) => status === "completed"),
    Effect.provide([fromApiToken({ apiToken, apiBaseUrl: baseUrl }), FetchHttpClient.layer]),
    Effect.runPromise
  )
