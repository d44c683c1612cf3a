/** Provides the layers in an application: which ones, in which order, and where settings belong. */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { BulkOperationPoller, PollOptions } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { ConfigProvider, Console, Effect, Layer } from "effect"

// The poller uses BulkOperations, which uses CloudflareApi, which sends through the HttpClient that you choose.
// `layerConfig` reads CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID and so on.
const CloudflareLive = BulkOperationPoller.layer.pipe(
  Layer.provideMerge(BulkOperations.layer),
  Layer.provide(CloudflareApi.layerConfig),
  Layer.provide(NodeHttpClient.layerUndici)
)

// Settings for the whole application are references: no layer above requires them. `PollOptions.layerConfig` reads
// BULK_OPERATIONS_TIMEOUT and so on instead; `Layer.succeed(PollOptions.PollOptions, …)` sets them here.
const Settings = Layer.mergeAll(
  PollOptions.layerConfig,
  Layer.succeed(CloudflareApi.RequestPolicy, { ...CloudflareApi.defaultPolicy, timeout: "10 seconds" })
)

const application = (operationId: string) =>
  Effect.gen(function*() {
    const poller = yield* BulkOperationPoller.BulkOperationPoller
    const operation = yield* poller.wait(operationId)
    yield* Console.log(`${operation.id} is ${operation.status}`)
  }).pipe(Effect.provide(Layer.mergeAll(CloudflareLive, Settings)))

// This example has an embedded Cloudflare, so that it runs anywhere; yours uses the environment instead.
const withSimulator = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  const operationId = yield* simulator.startOperation({ duration: "600 millis" })
  const environment = ConfigProvider.fromEnv({
    env: {
      CLOUDFLARE_API_TOKEN: "any-token",
      CLOUDFLARE_ACCOUNT_ID: Simulator.accountId,
      CLOUDFLARE_BASE_URL: simulator.baseUrl,
      BULK_OPERATIONS_TIMEOUT: "10 minutes"
    }
  })
  yield* Effect.provide(application(operationId), ConfigProvider.layer(environment))
})

withSimulator.pipe(Effect.provide(SimulatorServer.layer()), NodeRuntime.runMain)
