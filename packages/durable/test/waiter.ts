/**
 * Waits durably for operations, and writes how each wait ends: filename, base URL, start in milliseconds, ids.
 */
import * as BulkOperations from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as DurablePoller from "@bulk-operations/durable/DurablePoller"
import { layerSqlite } from "@bulk-operations/durable/sqlite"
import * as BulkOperationPoller from "@bulk-operations/poll/BulkOperationPoller"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Layer, Redacted } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"

const [filename = "", baseUrl = "", accountId = "", startedAt = "", ...ids] = process.argv.slice(2)

const waitFor = (id: string) =>
  DurablePoller.DurablePoller.use(({ wait }) => wait(id, { startedAt: DateTime.makeUnsafe(Number(startedAt)) })).pipe(
    Effect.match({ onSuccess: ({ status }) => status, onFailure: ({ message }) => message }),
    Effect.flatMap((end) => Console.log(`${id} ${end}`))
  )

const poller = BulkOperationPoller.layer.pipe(
  Layer.provideMerge(BulkOperations.layer),
  Layer.provide(CloudflareApi.layer({
    credentials: { _tag: "ApiToken", token: Redacted.make("token") },
    accountId,
    baseUrl
  })),
  Layer.provide(FetchHttpClient.layer)
)

Console.log("open").pipe(
  Effect.andThen(Effect.forEach(ids, waitFor, { concurrency: "unbounded", discard: true })),
  Effect.provide(layerSqlite({ filename }).pipe(Layer.provide(poller))),
  NodeRuntime.runMain
)
