/**
 * Waits durably for operations, and writes how each wait ends: filename, base URL, start, timeout, ids.
 */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { DurablePoller } from "@bulk-operations/durable"
import { layerSqlite } from "@bulk-operations/durable/sqlite"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"

const [filename = "", baseUrl = "", startedAt = "", timeout = "", ...ids] = process.argv.slice(2)

const options = { startedAt: DateTime.makeUnsafe(Number(startedAt)), timeout: Number(timeout) }

const waitFor = (id: string) =>
  DurablePoller.DurablePoller.use((poller) => poller.wait(id, options)).pipe(
    Effect.match({ onSuccess: ({ status }) => status, onFailure: ({ message }) => message }),
    Effect.flatMap((end) => Console.log(`${id} ${end}`))
  )

const poller = BulkOperationPoller.layer.pipe(
  Layer.provideMerge(BulkOperations.layer),
  Layer.provide(
    CloudflareApi.layer({
      credentials: { _tag: "ApiToken", token: Redacted.make("token") },
      accountId: Simulator.accountId,
      baseUrl
    })
  ),
  Layer.provide(FetchHttpClient.layer)
)

Console.log("open").pipe(
  Effect.andThen(Effect.forEach(ids, waitFor, { concurrency: "unbounded", discard: true })),
  Effect.provide(layerSqlite({ filename }).pipe(Layer.provide(poller))),
  NodeRuntime.runMain
)
