/** Tests code that waits, with scripted operations and `TestClock`. An hour passes at once. */
import { CloudflareError } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller } from "@bulk-operations/poll"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as assert from "node:assert/strict"

// The code under test.
const publish = Effect.fn("publish")(function*(operationId: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  yield* poller.wait(operationId, { timeout: "30 minutes" })
  return "published"
})

const test = Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(publish("op-1"))
  yield* TestClock.adjust("1 hour")
  assert.equal(yield* Fiber.join(fiber), "published")

  const failure = yield* Effect.flip(publish("op-2"))
  assert.equal(failure.message, "Bulk operation op-2 failed: This list is at the maximum number of items")

  const { calls } = yield* BulkOperationsTest.BulkOperationsTest
  yield* Console.log(`passed, with ${(yield* calls).length} polls`)
})

const badDay = new CloudflareError.ServerError({ method: "GET", path: "/", status: 502, errors: [] })

// With vitest, `it.effect` of @effect/vitest provides the clock.
test.pipe(
  Effect.provide(
    BulkOperationPoller.layer.pipe(
      Layer.provideMerge(BulkOperationsTest.layer({
        "op-1": ["pending", badDay, "running", "completed"],
        "op-2": [BulkOperationsTest.failed("This list is at the maximum number of items")]
      })),
      Layer.provideMerge(TestClock.layer())
    )
  ),
  NodeRuntime.runMain
)
