/** Exports the telemetry of waits over OTLP, to a collector that this example runs itself. */
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Context, Effect, Layer, Ref, Schema } from "effect"
import { FetchHttpClient, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { NetAddress } from "effect/net"
import { Otlp } from "effect/observability"
import { createServer } from "node:http"
import * as Simulated from "./simulated.ts"

// The parts of OTLP's JSON that are shown at the end.
const Traces = Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    scopeSpans: Schema.Array(Schema.Struct({
      spans: Schema.Array(Schema.Struct({
        name: Schema.String,
        events: Schema.Array(Schema.Struct({ name: Schema.String }))
      }))
    }))
  }))
})
const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(Schema.Struct({
    scopeMetrics: Schema.Array(Schema.Struct({
      metrics: Schema.Array(Schema.Struct({ name: Schema.String }))
    }))
  }))
})

class Received extends Context.Service<Received, Ref.Ref<ReadonlySet<string>>>()("examples/telemetry/Received") {
  static readonly layer = Layer.effect(Received, Ref.make<ReadonlySet<string>>(new Set()))
}

const keep = (lines: ReadonlyArray<string>) =>
  Received.use((received) => Ref.update(received, (known) => new Set([...known, ...lines])))

const collector = HttpRouter.use(Effect.fnUntraced(function*(router) {
  yield* router.add(
    "POST",
    "/v1/traces",
    Effect.gen(function*() {
      const { resourceSpans } = yield* HttpServerRequest.schemaBodyJson(Traces)
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      yield* keep(spans.map(({ events, name }) => `span ${[name, ...events.map((event) => event.name)].join(" ")}`))
      return HttpServerResponse.empty()
    })
  )
  yield* router.add(
    "POST",
    "/v1/metrics",
    Effect.gen(function*() {
      const { resourceMetrics } = yield* HttpServerRequest.schemaBodyJson(Metrics)
      const metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      yield* keep(metrics.map(({ name }) => `metric ${name}`))
      return HttpServerResponse.empty()
    })
  )
  yield* router.add("POST", "/v1/logs", HttpServerResponse.empty())
}))

const application = Effect.gen(function*() {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const simulator = yield* Simulator.Simulator
  // Often enough to see every state of a very short operation.
  const schedule = PollSchedule.spaced("100 millis")
  yield* poller.wait(yield* simulator.startOperation({ duration: "900 millis" }), { schedule })
})

const program = Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const telemetry = Otlp.layerJson({
    baseUrl: NetAddress.formatUrlUnsafe(address),
    resource: { serviceName: "telemetry-example" }
  }).pipe(Layer.provide(FetchHttpClient.layer))
  // Polls use the tracer that the poller's layer was built with. Remaining telemetry is sent when the layers are
  // released.
  yield* Effect.provide(application, Layer.provideMerge(Simulated.layerPoller, telemetry))
  const lines = yield* Ref.get(yield* Received)
  yield* Effect.forEach(Array.from(lines).toSorted(), (line) => Console.log(line))
})

program.pipe(
  Effect.provide(
    HttpRouter.serve(collector, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(Received.layer),
      Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
    )
  ),
  NodeRuntime.runMain
)
