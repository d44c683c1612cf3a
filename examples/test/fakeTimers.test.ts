import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as FakeTimers from "../fakeTimers.ts"

const wait = BulkOperationPoller.BulkOperationPoller.use((poller) => poller.wait("op-1")).pipe(
  Effect.map(({ status }) => status)
)

const halfAnHour = BulkOperationPoller.layer.pipe(
  Layer.provide(BulkOperationsTest.layer({ "op-1": BulkOperationsTest.lasting("30 minutes") }))
)

// What an application's own code makes of a wait: a promise.
const statusAfter = async (promise: Promise<string>, millis: number) => {
  let status = "still waiting"
  void promise.then((ended) => (status = ended))
  await vi.advanceTimersByTimeAsync(millis)
  return status
}

describe("a wait under vi.useFakeTimers", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it("ends in their time with a clock that goes by Date", async () => {
    vi.useFakeTimers()
    const layer = halfAnHour.pipe(Layer.provideMerge(FakeTimers.clock))
    const promise = Effect.runPromise(Effect.provide(wait, layer))
    assert.strictEqual(await statusAfter(promise, 29 * 60_000), "still waiting")
    assert.strictEqual(await statusAfter(promise, 2 * 60_000), "completed")
  })

  it("needs no time with layerTest", async () => {
    vi.useFakeTimers()
    const layer = BulkOperationPoller.layerTest({ "op-1": "completed" })
    assert.strictEqual(await statusAfter(Effect.runPromise(Effect.provide(wait, layer)), 0), "completed")
  })

  it("goes on in real time where only Date is faked", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 0 })
    const soon = BulkOperationPoller.layer.pipe(
      Layer.provide(BulkOperationsTest.layer({ "op-1": ["running", "completed"] }))
    )
    assert.strictEqual(await Effect.runPromise(Effect.provide(wait, soon)), "completed")
  })
})
