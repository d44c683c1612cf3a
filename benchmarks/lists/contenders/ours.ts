/**
 * This library: every item checked, its kind told apart, its times left for whoever reads them.
 */
import { BulkOperations, CloudflareApi, Credentials, RequestBudget } from "@bulk-operations/core"
import { ListItems } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Layer, ManagedRuntime, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import type { Make } from "../../harness/contender.ts"
import { accountId, apiToken, check } from "../account.ts"

export const make: Make = async ({ baseUrl = "", transport }) => {
  const runtime = ManagedRuntime.make(
    ListItems.layer.pipe(
      Layer.provide(BulkOperationPoller.layer),
      Layer.provide(BulkOperations.layer),
      Layer.provide(CloudflareApi.layer({
        credentials: Credentials.apiToken(Redacted.make(apiToken)),
        accountId,
        baseUrl
      })),
      Layer.provide(transport === "undici" ? NodeHttpClient.layerUndici : FetchHttpClient.layer),
      Layer.provideMerge(RequestBudget.layer({ limit: Number.POSITIVE_INFINITY }))
    )
  )
  const items = await runtime.runPromise(ListItems.ListItems)
  return {
    run: async (count) => {
      const sum = Stream.runFold(
        items.stream(String(count)),
        () => 0,
        (seen, item) => seen + (item.kind === "ip" ? 1 : 0)
      )
      check(await runtime.runPromise(sum), count)
    }
  }
}
