/**
 * The services for the examples about lists, with an embedded Cloudflare behind a real server.
 *
 * An application has `CloudflareApi.layerConfig` instead of `Cloudflare`, and no `SimulatorServer`.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { ListItems, Lists } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer, Redacted } from "effect"

const Cloudflare = Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) =>
  CloudflareApi.layer({
    credentials: Credentials.apiToken(Redacted.make("any-token")),
    accountId: Simulator.accountId,
    baseUrl
  })))

export const layer = Layer.mergeAll(Lists.layer, ListItems.layer).pipe(
  Layer.provide(BulkOperationPoller.layer),
  Layer.provide(BulkOperations.layer),
  Layer.provide(Cloudflare),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provide(SimulatorServer.layer({ duration: "400 millis" }))
)
