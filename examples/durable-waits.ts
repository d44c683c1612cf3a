/**
 * A wait that survives its process: `node examples/durable-waits.ts <operation id> <when it was started> <file>`.
 *
 * Kill it at any time and start it again with the same arguments: the wait continues, and an ended one is reported at
 * once. Settings come from the environment: CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_BASE_URL.
 */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { DurablePoller } from "@bulk-operations/durable"
import { layerSqlite } from "@bulk-operations/durable/sqlite"
import { BulkOperationPoller } from "@bulk-operations/poll"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Layer, Result } from "effect"

const [operationId = "", startedAt = "", filename = "waits.db"] = process.argv.slice(2)

const program = Effect.gen(function*() {
  const durable = yield* DurablePoller.DurablePoller
  // Stored with the operation's id when it was started. It makes this the same wait in every process.
  const options = { startedAt: DateTime.makeUnsafe(startedAt), timeout: "1 hour" } as const

  const executionId = yield* durable.start(operationId, options)
  const status = yield* durable.status(executionId)
  yield* Console.log(status._tag === "Ended" ? "It had ended before." : "It is under way.")

  const ended = yield* Effect.result(durable.wait(operationId, options))
  yield* Console.log(Result.isSuccess(ended) ? `It is ${ended.success.status}.` : ended.failure.message)
})

const Poller = BulkOperationPoller.layer.pipe(
  Layer.provideMerge(BulkOperations.layer),
  Layer.provide(CloudflareApi.layerConfig),
  Layer.provide(NodeHttpClient.layerUndici)
)

program.pipe(
  Effect.provide(layerSqlite({ filename }).pipe(Layer.provide(Poller))),
  NodeRuntime.runMain
)
