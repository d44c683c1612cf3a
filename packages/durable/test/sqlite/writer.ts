/**
 * Replaces the items of a list durably, and writes what came of it: filename, base URL, account, list, addresses.
 */
import * as BulkOperations from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as DurableListItems from "@bulk-operations/durable/DurableListItems"
import { layerCluster } from "@bulk-operations/durable/sqlite"
import * as ListItem from "@bulk-operations/lists/ListItem"
import * as ListItems from "@bulk-operations/lists/ListItems"
import * as BulkOperationPoller from "@bulk-operations/poll/BulkOperationPoller"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, Option, Redacted } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"

const [filename = "", baseUrl = "", accountId = "", listId = "", ...addresses] = process.argv.slice(2)

const Services = DurableListItems.layer.pipe(
  Layer.provide(layerCluster({ filename })),
  Layer.provide(ListItems.layer),
  Layer.provide(BulkOperationPoller.layer),
  Layer.provide(BulkOperations.layer),
  Layer.provide(CloudflareApi.layer({
    credentials: { _tag: "ApiToken", token: Redacted.make("token") },
    accountId,
    baseUrl
  })),
  Layer.provide(FetchHttpClient.layer)
)

DurableListItems.DurableListItems.use((items) =>
  items.replaceAndWait(listId, addresses.map((address) => ListItem.ip(address)), { key: "nightly" })
).pipe(
  Effect.flatMap((operation) => Console.log(Option.isSome(operation) ? operation.value.status : "in effect")),
  Effect.provide(Services),
  NodeRuntime.runMain
)
