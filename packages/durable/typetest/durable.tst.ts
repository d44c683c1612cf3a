import type { BulkOperation, BulkOperations, CloudflareError } from "@bulk-operations/core"
import { DurablePoller, type WaitStatus } from "@bulk-operations/durable"
import { type DatabaseError, layerSqlite } from "@bulk-operations/durable/sqlite"
import type { BulkOperationPoller, WaitError } from "@bulk-operations/poll"
import type { Effect, Layer } from "effect"
import type { MessageStorage, Sharding } from "effect/cluster"
import { describe, expect, it } from "tstyche"

declare const durable: DurablePoller.DurablePoller["Service"]

type Poller = BulkOperationPoller.BulkOperationPoller | BulkOperations.BulkOperations

describe("a durable wait", () => {
  it("fails as a wait does", () => {
    expect(durable.wait("op-1")).type.toBe<
      Effect.Effect<
        BulkOperation.Completed,
        WaitError.BulkOperationFailed | WaitError.PollTimeout | CloudflareError.CloudflareError
      >
    >()
  })

  it("takes no schedule, which cannot be stored", () => {
    expect<DurablePoller.WaitOptions>().type.not.toHaveProperty("schedule")
  })

  it("is begun and polled without errors", () => {
    expect(durable.start("op-1")).type.toBe<Effect.Effect<string>>()
    expect(durable.status("execution")).type.toBe<Effect.Effect<WaitStatus.WaitStatus>>()
  })
})

describe("the layers", () => {
  it("need a poller, and a cluster or a file", () => {
    expect(DurablePoller.layer).type.toBe<
      Layer.Layer<DurablePoller.DurablePoller, never, Poller | Sharding.Sharding | MessageStorage.MessageStorage>
    >()
    expect(layerSqlite({ filename: "waits.db" })).type.toBe<
      Layer.Layer<DurablePoller.DurablePoller, DatabaseError, Poller>
    >()
  })

  it("of tests need nothing", () => {
    expect(DurablePoller.layerTest({ "op-1": "completed" })).type.toBe<Layer.Layer<DurablePoller.DurablePoller>>()
  })
})
