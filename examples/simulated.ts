/**
 * The services for the examples, with an embedded Cloudflare in place of the real one.
 *
 * An application has `CloudflareApi.layerConfig` and an `HttpClient` instead.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { ListItems, Lists } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Redacted } from "effect"

export const credentials = Credentials.apiToken(Redacted.make("any-token"))
const accountId = Simulator.accountId

/** A poller, and the simulator behind it, which replaces `HttpClient` and needs no socket. */
export const layerPoller = BulkOperationPoller.layer.pipe(
  Layer.provide(BulkOperations.layer),
  Layer.provide(CloudflareApi.layer({ credentials, accountId })),
  Layer.provideMerge(Simulator.layerHttpClient())
)

/** Cloudflare's API, as a simulator behind a real server has it. */
export const layerApi = Layer.unwrap(
  Effect.map(Simulator.Simulator, ({ baseUrl }) => CloudflareApi.layer({ credentials, accountId, baseUrl }))
)

/** Lists and their items, over a real server. */
export const layerLists = Layer.mergeAll(Lists.layer, ListItems.layer).pipe(
  Layer.provide(BulkOperationPoller.layer),
  Layer.provide(BulkOperations.layer),
  Layer.provide(layerApi),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provide(SimulatorServer.layer({ duration: "400 millis" }))
)
