import type { BulkOperation, BulkOperations, CloudflareError } from "@bulk-operations/core"
import { BulkOperationPoller, PollOptions, PollSchedule, type WaitError } from "@bulk-operations/poll"
import type { Config, Effect, Layer, Stream } from "effect"
import { describe, expect, it } from "tstyche"

declare const poller: BulkOperationPoller.BulkOperationPoller["Service"]
declare const start: Effect.Effect<string, "refused", "sdk">

type Failure = WaitError.BulkOperationFailed | WaitError.PollTimeout | CloudflareError.CloudflareError

describe("wait", () => {
  it("gives a completed operation, and has all else in its errors", () => {
    expect(poller.wait("op-1")).type.toBe<Effect.Effect<BulkOperation.Completed, Failure>>()
  })

  it("takes options that are there, and durations that are some", () => {
    expect(poller.wait).type.toBeCallableWith("op-1", {
      timeout: "10 minutes",
      schedule: PollSchedule.spaced("1 second")
    })
    expect(poller.wait).type.not.toBeCallableWith("op-1", { timeout: "ten minutes" })
    expect(poller.wait).type.not.toBeCallableWith("op-1", { timeOut: "10 minutes" })
    expect(poller.wait).type.not.toBeCallableWith("op-1", { startedAt: "2026-01-01T00:00:00Z" })
  })
})

describe("run", () => {
  it("fails as the start does, and needs what it needs", () => {
    expect(poller.run(start)).type.toBe<Effect.Effect<BulkOperation.Completed, Failure | "refused", "sdk">>()
  })

  it("knows by itself when the operation was started", () => {
    expect<BulkOperationPoller.RunOptions>().type.not.toHaveProperty("startedAt")
  })
})

describe("the streams", () => {
  it("have a failed operation as an element, not as an error", () => {
    expect(poller.changes("op-1")).type.toBe<
      Stream.Stream<BulkOperation.BulkOperation, WaitError.PollTimeout | CloudflareError.CloudflareError>
    >()
  })

  it("settle fails only as the stream of operations does", () => {
    expect(poller.settle(["op-1"])).type.toBe<Stream.Stream<BulkOperationPoller.Settled>>()
  })
})

describe("waitAll", () => {
  it("fails with the operation that has not completed", () => {
    expect(poller.waitAll(["op-1"])).type.toBe<Effect.Effect<Array<BulkOperation.Completed>, WaitError.WaitAllError>>()
  })
})

describe("the layers", () => {
  it("need BulkOperations, or nothing in tests", () => {
    type Poller = BulkOperationPoller.BulkOperationPoller
    expect(BulkOperationPoller.layer).type.toBe<Layer.Layer<Poller, never, BulkOperations.BulkOperations>>()
    expect(BulkOperationPoller.layerTest({})).type.toBe<Layer.Layer<Poller>>()
  })

  it("options from the environment fail with a ConfigError, and set a reference", () => {
    expect(PollOptions.layerConfig).type.toBe<Layer.Layer<never, Config.ConfigError>>()
  })

  it("take no ending that is none", () => {
    expect(BulkOperationPoller.layerTest).type.not.toBeCallableWith({ "op-1": "running" })
  })
})
