/**
 * Lists on a simulated Cloudflare, on real sockets or in memory, and what a test wants to know of it.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { ListItem, ListItems, Lists, WritePolicy } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { type Endpoint, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { type Duration, Effect, Fiber, Layer, Redacted, Schedule, type Schema, Stream, Tracer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

/** All services at this URL, on whatever transport there is. A new reference each time: they share nothing. */
export const servicesAt = (baseUrl: string) =>
  Layer.mergeAll(Lists.layer, ListItems.layer).pipe(
    Layer.provideMerge(BulkOperationPoller.layer.pipe(Layer.provide(BulkOperations.layer))),
    Layer.provideMerge(CloudflareApi.layer({
      credentials: Credentials.apiToken(Redacted.make("any-token-that-is-long-enough")),
      accountId: Simulator.accountId,
      baseUrl
    }))
  )

/** All services at the simulator in scope. */
export const services = Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) => servicesAt(baseUrl)))

/** With the test's clock, without sockets. */
export const inMemory = (options: Parameters<typeof Simulator.layerHttpClient>[0] = {}) =>
  Layer.provideMerge(services, Simulator.layerHttpClient(options))

/** With the answer to everything: for what the simulator never says. */
export const answering = (status: number, body: Schema.JsonObject) =>
  Layer.provideMerge(
    servicesAt("http://cloudflare.invalid"),
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) =>
        Effect.succeed(HttpClientResponse.fromWeb(request, new Response(JSON.stringify(body), { status })))
      )
    )
  )

/** A refusal with these codes. */
export const refusing = (status: number, ...codes: ReadonlyArray<number>) =>
  answering(status, {
    success: false,
    result: null,
    messages: [],
    errors: codes.map((code) => ({ code, message: "refused" }))
  })

const briefly = Layer.succeed(WritePolicy.WritePolicy, {
  ...WritePolicy.defaults,
  schedule: Schedule.spaced("200 millis"),
  patience: "5 seconds"
})

/** In real time, on real sockets. */
export const overSockets = (options: Parameters<typeof SimulatorServer.layer>[0] = {}) =>
  services.pipe(
    Layer.provide(NodeHttpClient.layerUndici),
    Layer.provideMerge(SimulatorServer.layer({ duration: "200 millis", pendingFor: "50 millis", ...options })),
    Layer.provideMerge(briefly)
  )

export const ips = (...addresses: ReadonlyArray<string>) => addresses.map((address) => ListItem.ip(address))

/** A list of addresses. Gives its id. */
export const ipList = (...addresses: ReadonlyArray<string>) =>
  Effect.flatMap(
    Simulator.Simulator,
    ({ createList, state }) =>
      Effect.flatMap(state, ({ lists }) =>
        createList({ name: `list_${lists.length}`, kind: "ip", items: addresses.map((ip) => ({ ip })) }))
  )

/** The items of a list as short texts. */
export const held = (listId: string) =>
  ListItems.ListItems.use((items) => Stream.runCollect(items.stream(listId))).pipe(
    Effect.map((all) => all.map(ListItem.show))
  )

/** The requests that came to an endpoint. */
export const requestsTo = (...endpoints: ReadonlyArray<Endpoint.Endpoint>) =>
  Simulator.Simulator.use(({ requests }) =>
    Effect.map(
      requests,
      (all) => all.filter(({ endpoint }) => endpoint._tag === "Some" && endpoints.includes(endpoint.value))
    )
  )

const writes = ["lists.items.create", "lists.items.update", "lists.items.delete"] as const

/** Writes of items that came in, by method. */
export const writesSent = Effect.map(requestsTo(...writes), (all) => all.map(({ method }) => method))

/** The outermost spans of an effect. */
export const spansOf = <A, E, R>(effect: Effect.Effect<A, E, R>) => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      if (options.parent._tag === "None") spans.push(span)
      return span
    }
  })
  return Effect.as(Effect.withTracer(effect, tracer), spans)
}

/** Runs it while time passes. */
export const passing = Effect.fnUntraced(
  function*<A, E, R>(effect: Effect.Effect<A, E, R>, time: Duration.Input = "1 hour") {
    const fiber = yield* Effect.forkChild(effect)
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  }
)
