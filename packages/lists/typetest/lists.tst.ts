import type { BulkOperation, CloudflareApi, CloudflareError } from "@bulk-operations/core"
import {
  type CursorExpired,
  type InvalidItems,
  ListItem,
  ListItems,
  Lists,
  type SyncError,
  type WriteError
} from "@bulk-operations/lists"
import { ListsTest } from "@bulk-operations/lists/testing"
import type { BulkOperationPoller, WaitError } from "@bulk-operations/poll"
import type { Effect, Layer, Stream } from "effect"
import { describe, expect, it } from "tstyche"

declare const items: ListItems.ListItems["Service"]
declare const source: Stream.Stream<ListItem.ListItem, "cannot be read", "disk">

type Write = WriteError.WriteError
type Ending = WaitError.BulkOperationFailed | WaitError.PollTimeout

describe("a write", () => {
  it("gives the id of its operation, or what is wrong with its items", () => {
    expect(items.create("list", [ListItem.ip("192.0.2.1")])).type.toBe<
      Effect.Effect<BulkOperation.OperationId, Write | InvalidItems.InvalidItems>
    >()
  })

  it("of a stream fails as the stream does, and needs what it needs", () => {
    expect(items.replace("list", source)).type.toBe<
      Effect.Effect<BulkOperation.OperationId, Write | InvalidItems.InvalidItems | "cannot be read", "disk">
    >()
  })

  it("that is waited for fails as a wait as well", () => {
    expect(items.createAndWait("list", [ListItem.ip("192.0.2.1")])).type.toBe<
      Effect.Effect<BulkOperation.Completed, Write | Ending | InvalidItems.InvalidItems>
    >()
  })

  it("of ids has no items that could be wrong", () => {
    expect(items.deleteAndWait("list", ["item"])).type.toBe<Effect.Effect<BulkOperation.Completed, Write | Ending>>()
  })

  it("takes items, not text", () => {
    expect(items.create).type.not.toBeCallableWith("list", ["192.0.2.1"])
    expect(items.delete).type.not.toBeCallableWith("list", [ListItem.ip("192.0.2.1")])
  })
})

describe("sync", () => {
  it("says all that can keep the list from being as wanted", () => {
    expect(items.sync("list", [])).type.toBe<
      Effect.Effect<
        ListItems.SyncReport,
        | Write
        | Ending
        | InvalidItems.InvalidItems
        | CursorExpired.CursorExpired
        | SyncError.TooManyDeletions
        | SyncError.SyncIncomplete
        | SyncError.SyncNotVisible
      >
    >()
  })
})

describe("reading", () => {
  it("fails where a cursor has expired", () => {
    expect(items.stream("list")).type.toBe<
      Stream.Stream<ListItem.StoredItem, CloudflareError.CloudflareError | CursorExpired.CursorExpired>
    >()
  })
})

describe("the layers", () => {
  it("of items need an API and a poller", () => {
    expect(ListItems.layer).type.toBe<
      Layer.Layer<ListItems.ListItems, never, CloudflareApi.CloudflareApi | BulkOperationPoller.BulkOperationPoller>
    >()
  })

  it("of lists need an API", () => {
    expect(Lists.layer).type.toBe<Layer.Layer<Lists.Lists, never, CloudflareApi.CloudflareApi>>()
  })

  it("of tests need nothing", () => {
    expect(ListsTest.layer([{ id: "list", kind: "ip" }])).type.toBe<
      Layer.Layer<Lists.Lists | ListItems.ListItems | ListsTest.ListsTest>
    >()
  })

  it("of tests refuse a kind that is none", () => {
    expect(ListsTest.layer).type.not.toBeCallableWith([{ id: "list", kind: "ips" }])
  })
})
