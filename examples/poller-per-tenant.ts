/**
 * One process for many tenants, each with its own credentials: a `LayerMap` builds a poller per tenant on demand.
 *
 * A poller always polls with the credentials that it was built with, and keeps to one request budget. Tenants with
 * their own tokens have their own limits, so each gets a poller.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Layer, LayerMap, Redacted } from "effect"

// An application would read its tenants from a database.
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
      // A layer is built once, and all tenants use the same layers: without this they would share the first tenant's
      // poller.
      Layer.fresh
    )
  },
  // A poller that is unused for this long is released. Its waits keep it alive.
  idleTimeToLive: "5 minutes"
}) {}

// The caller only passes the tenant.
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

  // One tenant cannot see another's operation.
  yield* completed("globex", yield* start(tenants.acme)).pipe(
    Effect.catchReason("CloudflareError", "NotFound", () => Console.log("globex: no such operation"))
  )
})

const credentials = Object.values(tenants).map(({ apiToken }) => ({ token: apiToken }))

program.pipe(
  Effect.provide(Pollers.layer.pipe(Layer.provideMerge(Simulator.layerHttpClient({ credentials })))),
  NodeRuntime.runMain
)
