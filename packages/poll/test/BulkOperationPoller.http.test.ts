import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Fault, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"

const Cloudflare = Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) =>
  CloudflareApi.layer({
    credentials: Credentials.apiToken(Redacted.make("any-token")),
    accountId: Simulator.accountId,
    baseUrl
  })))

const waiting = BulkOperationPoller.layer.pipe(Layer.provide(BulkOperations.layer), Layer.provide(Cloudflare))

const inMemory = Layer.provideMerge(waiting, Simulator.layerHttpClient())
const overSockets = waiting.pipe(
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provideMerge(SimulatorServer.layer())
)

describe("over HTTP", () => {
  it.effect("a server that is down for a minute in the middle of a wait does not end it", () =>
    Effect.gen(function*() {
      const poller = yield* BulkOperationPoller.BulkOperationPoller
      const simulator = yield* Simulator.Simulator
      const operationId = yield* simulator.startOperation({ duration: "30 seconds" })
      const fiber = yield* Effect.forkChild(poller.wait(operationId))
      yield* TestClock.adjust("10 seconds")
      yield* simulator.inject(Fault.reset("before"))
      yield* TestClock.adjust("1 minute")
      yield* simulator.clearFaults
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).status, "completed")
    }).pipe(Effect.provide(inMemory)))

  it.effect("an unknown status fails at once with an error that names it", () =>
    Effect.gen(function*() {
      const poller = yield* BulkOperationPoller.BulkOperationPoller
      const simulator = yield* Simulator.Simulator
      const operationId = yield* simulator.startOperation()
      yield* simulator.inject(Fault.unknownStatus("paused"))
      const error = yield* Effect.flip(poller.wait(operationId))
      assert.isTrue(error._tag === "CloudflareError" && error.reason._tag === "UnexpectedResponse")
      assert.include(error.message, "paused")
      assert.lengthOf(yield* simulator.requests, 1)
    }).pipe(Effect.provide(inMemory)))

  it.live("a server that accepts and never answers cannot hold a wait beyond its deadline", () =>
    Effect.gen(function*() {
      const poller = yield* BulkOperationPoller.BulkOperationPoller
      const simulator = yield* Simulator.Simulator
      const operationId = yield* simulator.startOperation()
      yield* simulator.inject(Fault.stall())
      const began = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(poller.wait(operationId, { timeout: "300 millis" }))
      assert.strictEqual(error._tag, "PollTimeout")
      const took = (yield* Clock.currentTimeMillis) - began
      assert.isAtLeast(took, 299)
      // Where the event loop is blocked beyond the deadline, the wait gets two seconds for one more poll.
      assert.isBelow(took, 5000)
    }).pipe(Effect.provide(overSockets)))
})
