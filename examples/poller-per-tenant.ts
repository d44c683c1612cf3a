/**
 * One process for many tenants, each with credentials of its own: a poller per tenant, made by a `LayerMap` on demand.
 *
 * A poller polls with the credentials that it was built with, whoever waits, and keeps to one budget of requests. Tenants
 * with tokens of their own have limits of their own, so each gets a poller.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, LayerMap, Redacted } from "effect"

// Where an application would read its tenants from.
const tenants = {
  acme: { accountId: "0123456789abcdef0123456789abcdef", apiToken: "token-of-acme" },
  globex: { accountId: "fedcba9876543210fedcba9876543210", apiToken: "token-of-globex" }
}
type Tenant = keyof typeof tenants

class Pollers extends LayerMap.Service<Pollers>()("examples/Pollers", {
  lookup: (tenant: Tenant) => {
    const { accountId, apiToken } = tenants[tenant]
    return BulkOperationPoller.layer.pipe(
      Layer.provide(BulkOperations.layer),
      Layer.provide(CloudflareApi.layer({ accountId, credentials: Credentials.apiToken(Redacted.make(apiToken)) })),
      // A layer is built once, and all tenants name the same ones: without this they would share the first one's poller.
      Layer.fresh
    )
  },
  // A poller that nobody has used for so long is released. Its waits keep it.
  idleTimeToLive: "5 minutes"
}) {}

// Whoever waits says for whom, and nothing else.
const completed = Effect.fn("completed")(function*(tenant: Tenant, operationId: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const { status } = yield* poller.wait(operationId)
  yield* Console.log(`${tenant}: ${status}`)
}, (effect, tenant) => Effect.provide(effect, Pollers.get(tenant)))

const program = Effect.gen(function*() {
  const { startOperation } = yield* Simulator.Simulator
  const start = ({ accountId }: { readonly accountId: string }) => startOperation({ accountId, duration: "300 millis" })
  yield* completed("acme", yield* start(tenants.acme))
  yield* completed("globex", yield* start(tenants.globex))

  // An operation of one tenant is not there for another.
  yield* completed("globex", yield* start(tenants.acme)).pipe(
    Effect.catchReason("CloudflareError", "NotFound", () => Console.log("globex: no such operation"))
  )
})

const credentials = Object.values(tenants).map(({ apiToken }) => ({ token: apiToken }))

program.pipe(
  Effect.provide(Pollers.layer.pipe(Layer.provideMerge(Simulator.layerHttpClient({ credentials })))),
  NodeRuntime.runMain
)
