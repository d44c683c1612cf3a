/**
 * Replaces the items of a list durably, and writes what came of it: filename, base URL, account, list, addresses.
 */
import * as DurableListItems from "@bulk-operations/durable/DurableListItems"
import { layerCluster } from "@bulk-operations/durable/sqlite"
import * as ListItem from "@bulk-operations/lists/ListItem"
import * as ListItems from "@bulk-operations/lists/ListItems"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, Option } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Cloudflare from "../Cloudflare.ts"

const [filename = "", baseUrl = "", accountId = "", listId = "", ...addresses] = process.argv.slice(2)

const Services = DurableListItems.layer.pipe(
  Layer.provide(layerCluster({ filename })),
  Layer.provide(ListItems.layer),
  Layer.provide(Cloudflare.layerPoller(baseUrl, accountId)),
  Layer.provide(FetchHttpClient.layer)
)

DurableListItems.DurableListItems.use((items) =>
  items.replaceAndWait(listId, addresses.map((address) => ListItem.ip(address)), { key: "nightly" })
).pipe(
  Effect.flatMap((operation) => Console.log(Option.isSome(operation) ? operation.value.status : "in effect")),
  Effect.provide(Services),
  NodeRuntime.runMain
)
