/**
 * A process of its own that adds addresses to a list, one operation for each, and exits.
 */
import { ListItems, WritePolicy } from "@bulk-operations/lists"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Schedule } from "effect"
import { ips, servicesAt } from "./World.ts"

const [baseUrl = "", listId = "", ...addresses] = process.argv.slice(2)

// Seconds would be right for Cloudflare; the test wants to see the same in less.
const eager = Layer.succeed(WritePolicy.WritePolicy, {
  ...WritePolicy.defaults,
  schedule: Schedule.jittered(Schedule.spaced("50 millis"))
})

Effect.forEach(
  addresses,
  (address) => ListItems.ListItems.use((items) => items.createAndWait(listId, ips(address))),
  { concurrency: "unbounded" }
).pipe(
  Effect.provide(servicesAt(baseUrl).pipe(Layer.provide(NodeHttpClient.layerUndici), Layer.provideMerge(eager))),
  NodeRuntime.runMain
)
