/**
 * `@distilled.cloud/cloudflare`, on `fetch`.
 *
 * In a folder of its own and in JavaScript, because the package imports paths of an Effect 4.0 release candidate and
 * does not load with the Effect that is installed for everything else.
 */
import { fromApiToken } from "@distilled.cloud/cloudflare/Credentials"
import { getListBulkOperation } from "@distilled.cloud/cloudflare/rules"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import * as FetchHttpClient from "effect/unstable/http/FetchHttpClient"
import { accountId, apiToken, check, operationId } from "../status/account.ts"

/** @type {import("../harness/contender.ts").Make} */
export const make = ({ baseUrl, tracing }) => {
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(
      fromApiToken({ apiToken, apiBaseUrl: baseUrl }),
      FetchHttpClient.layer,
      Layer.succeed(References.TracerEnabled, tracing === "on")
    )
  )
  const get = Effect.map(getListBulkOperation({ accountId, operationId }), check)
  return {
    run: (count, concurrency) => {
      let left = count
      const worker = Effect.whileLoop({ while: () => left-- > 0, body: () => get, step: () => undefined })
      const workers = Array.from({ length: concurrency }, () => worker)
      return runtime.runPromise(Effect.all(workers, { concurrency: "unbounded", discard: true }))
    }
  }
}
