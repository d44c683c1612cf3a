import { ListItem, ListItems, SyncError } from "@bulk-operations/lists"
import { Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { held, inMemory, ipList, ips, passing, requestsTo, spansOf, writesSent } from "./World.ts"

const Items = ListItems.ListItems

const address = (n: number) => `10.0.${n >>> 8}.${n & 255}`
const addresses = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => address(from + n))

const sync = (listId: string, wanted: ReadonlyArray<ListItem.ListItem>, options?: ListItems.SyncOptions) =>
  Items.use((items) => passing(items.sync(listId, wanted, options)))

const counts = ({ added, changed, deleted, method, unchanged }: ListItems.SyncReport) =>
  [method, added, changed, deleted, unchanged] as const

describe("a sync", () => {
  it.effect("does nothing if nothing differs", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1", "2001:db8::/64")
      const report = yield* sync(listId, ips("2001:DB8:0::/64", "192.0.2.1/32"))
      assert.deepStrictEqual(counts(report), ["none", 0, 0, 0, 2])
      assert.deepStrictEqual(report.operations, [])
      assert.deepStrictEqual(yield* writesSent, [])
    }).pipe(Effect.provide(inMemory())))

  it.effect("reads once where it writes nothing, or need not see what it has written", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1")
      yield* sync(listId, ips("192.0.2.1"), { visibleWithin: "1 minute" })
      assert.lengthOf(yield* requestsTo("lists.items.list"), 1)
      yield* sync(listId, ips("192.0.2.2"), { visibleWithin: 0 })
      assert.lengthOf(yield* requestsTo("lists.items.list"), 2)
    }).pipe(Effect.provide(inMemory())))

  it.effect("is traced by its name, and refused before anything is sent where the account is none", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1")
      const spans = yield* spansOf(items.sync(listId, ips("192.0.2.1")))
      assert.deepStrictEqual(spans.map(({ attributes, name }) => [name, Object.fromEntries(attributes)]), [
        ["ListItems.sync", { "cloudflare.account_id": Simulator.accountId, "cloudflare.list_id": listId }]
      ])
      const error = yield* Effect.flip(items.sync(listId, ips("192.0.2.1"), { accountId: "a b" }))
      assert(error._tag === "CloudflareError")
      assert.deepInclude(error.reason, { _tag: "InvalidRequest", method: "PUT" })
    }).pipe(Effect.provide(inMemory())))

  it.effect("adds what is missing and writes what has changed, in one operation", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1", "192.0.2.2")
      const wanted = [ListItem.ip("192.0.2.1", { comment: "new" }), ...ips("192.0.2.2", "192.0.2.3")]
      const report = yield* sync(listId, wanted)
      assert.deepStrictEqual(counts(report), ["create", 1, 1, 0, 1])
      assert.deepStrictEqual(report.operations.map(({ status }) => status), ["completed"])
      assert.deepStrictEqual(yield* writesSent, ["POST"])
      const items = yield* Stream.runCollect((yield* Items).stream(listId))
      assert.isTrue(items.every((item, index) => ListItem.equals(item, wanted[index] ?? item)))
      assert.strictEqual((yield* sync(listId, wanted)).method, "none")
    }).pipe(Effect.provide(inMemory())))

  it.effect("deletes surplus items, in one operation", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1", "192.0.2.2")
      assert.deepStrictEqual(counts(yield* sync(listId, ips("192.0.2.2"))), ["delete", 0, 0, 1, 1])
      assert.deepStrictEqual(yield* writesSent, ["DELETE"])
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.2"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("adds before it deletes if both are needed, and replaces if much differs", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(0, 1000))
      const report = yield* sync(listId, ips(...addresses(10, 1010)))
      assert.deepStrictEqual(counts(report), ["createAndDelete", 10, 0, 10, 990])
      assert.deepStrictEqual(report.operations.map(({ status }) => status), ["completed", "completed"])
      assert.deepStrictEqual(yield* held(listId), addresses(10, 1010))
      assert.deepStrictEqual(counts(yield* sync(listId, ips(...addresses(800, 1800)))), ["replace", 790, 0, 790, 210])
      assert.deepStrictEqual(yield* writesSent, ["POST", "DELETE", "PUT"])
      assert.deepStrictEqual(yield* held(listId), addresses(800, 1800))
    }).pipe(Effect.provide(inMemory())))

  it.effect("reports in a dry run what it would do, and does nothing", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(0, 10))
      const report = yield* sync(listId, ips(...addresses(1, 11)), { dryRun: true, replaceAbove: 1 })
      assert.deepStrictEqual(counts(report), ["createAndDelete", 1, 0, 1, 9])
      assert.deepStrictEqual(report.operations, [])
      assert.deepStrictEqual(yield* writesSent, [])
    }).pipe(Effect.provide(inMemory())))

  it.effect("refuses to delete more than its guard allows, in numbers or as a share", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList(...addresses(0, 10))
      for (
        const [maxDeletions, left, isAllowed] of [
          [3, 7, true],
          [3, 6, false],
          [1, 9, true],
          [1, 8, false],
          [0.5, 5, true],
          [0.5, 4, false]
        ] as const
      ) {
        const exit = yield* Effect.result(
          items.sync(listId, ips(...addresses(0, left)), { maxDeletions, dryRun: isAllowed })
        )
        assert.strictEqual(exit._tag === "Success", isAllowed)
      }
      const error = yield* Effect.flip(items.sync(listId, ips(...addresses(20, 21)), { maxDeletions: 0.2 }))
      assert.instanceOf(error, SyncError.TooManyDeletions)
      assert.match(error.message, /^10 of the 10 items of list \w+ would be deleted, but maxDeletions allows only 2/)
      assert.deepStrictEqual(yield* writesSent, [])
    }).pipe(Effect.provide(inMemory())))

  it.effect("applies a guard given as a share exactly, without rounding", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList(...addresses(0, 100))
      // 0.29 * 100 is 28.999999999999996.
      const guarded = (left: number, maxDeletions: number) =>
        Effect.result(items.sync(listId, ips(...addresses(0, left)), { maxDeletions, dryRun: true }))
      assert.strictEqual((yield* guarded(71, 0.29))._tag, "Success")
      const refused = yield* Effect.flip(items.sync(listId, ips(...addresses(0, 70)), { maxDeletions: 0.29 }))
      assert(refused._tag === "TooManyDeletions")
      assert.deepStrictEqual([refused.deletions, refused.allowed], [30, 29])
      assert.strictEqual((yield* guarded(100, 0))._tag, "Success")
      assert.strictEqual((yield* guarded(99, 0))._tag, "Failure")
      assert.strictEqual((yield* guarded(1, Infinity))._tag, "Success")
      const empty = yield* ipList()
      const first = yield* items.sync(empty, ips("192.0.2.1"), { maxDeletions: 0, dryRun: true })
      assert.strictEqual(first.method, "create")
    }).pipe(Effect.provide(inMemory())))

  it.effect("refuses an invalid guard", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList(...addresses(0, 10))
      const wrong: ReadonlyArray<readonly [ListItems.SyncOptions, RegExp]> = [
        [{ maxDeletions: NaN }, /maxDeletions: expected .* got NaN/],
        [{ maxDeletions: -1 }, /maxDeletions: expected .* got -1/],
        [{ maxDeletions: 1.5 }, /maxDeletions: expected .* got 1.5/],
        [{ replaceAbove: NaN }, /replaceAbove: expected .* got NaN/],
        [{ replaceAbove: 50 }, /replaceAbove: expected .* got 50/],
        [{ replaceAbove: -0.1 }, /replaceAbove: expected .* got -0.1/]
      ]
      for (const [options, message] of wrong) {
        const error = yield* Effect.flip(items.sync(listId, ips("192.0.2.1"), options))
        assert.match(error.message, message)
        assert.include(error.message, "(PUT /accounts/{account_id}/rules/lists/{list_id}/items)")
        assert(error._tag === "CloudflareError" && error.outcome === "notSent")
        assert.deepInclude(error.reason, { _tag: "InvalidRequest", method: "PUT" })
      }
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect.each<[ListItems.SyncOptions, string]>([
    [{ visibleWithin: -1 }, "visibleWithin is -1. It must not be negative."],
    [{ visibleWithin: JSON.parse(`"5m"`) }, `visibleWithin is "5m", which is no duration.`],
    [{ patience: Number.NaN }, "patience is NaN, which is no duration."]
  ])("dies of an invalid duration before the list is read: %j", ([options, message]) =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1")
      const exit = yield* Effect.exit(items.sync(listId, ips("192.0.2.2"), options))
      const defect = Exit.isFailure(exit) && Cause.squash(exit.cause)
      assert(defect instanceof RangeError)
      assert.include(defect.message, message)
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect("names items of another kind than the list's, and sends nothing", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1")
      const error = yield* Effect.flip(items.sync(listId, [ListItem.asn(1), ListItem.asn(2)]))
      assert(error._tag === "InvalidItems")
      assert.deepStrictEqual(error.invalid.map(({ position, reason }) => [position, reason]), [
        [0, "of kind asn among items of kind ip"],
        [1, "of kind asn among items of kind ip"]
      ])
      assert.deepStrictEqual(yield* writesSent, [])
    }).pipe(Effect.provide(inMemory())))

  it.effect("empties a list with allowEmpty", () =>
    Effect.gen(function*() {
      const listId = yield* ipList("192.0.2.1")
      assert.deepStrictEqual(counts(yield* sync(listId, [], { allowEmpty: true })), ["delete", 0, 0, 1, 0])
      assert.deepStrictEqual(yield* held(listId), [])
    }).pipe(Effect.provide(inMemory())))

  it.effect("reports what was done if the second of two writes fails", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList(...addresses(0, 10))
      yield* (yield* Simulator.Simulator).planNext({}, { outcome: OperationPlan.failed("out of order") })
      const error = yield* passing(Effect.flip(items.sync(listId, ips(...addresses(1, 11)))))
      assert(error._tag === "SyncIncomplete")
      assert.deepStrictEqual([error.written, error.remaining, error.cause._tag], [1, 1, "BulkOperationFailed"])
      assert.match(
        error.message,
        /has the 1 new or changed items, but 1 unwanted items were not deleted: .*out of order/
      )
      assert.deepStrictEqual(yield* held(listId), addresses(0, 11))
      assert.deepStrictEqual(counts(yield* sync(listId, ips(...addresses(1, 11)))), ["delete", 0, 0, 1, 10])
    }).pipe(Effect.provide(inMemory())))

  it.effect("fails as its only write does", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { inject, planNext } = yield* Simulator.Simulator
      yield* planNext({ outcome: OperationPlan.failed("This list is at the maximum number of items") })
      const failed = yield* passing(Effect.flip(items.sync(listId, ips("192.0.2.1"))))
      assert.strictEqual(failed._tag, "BulkOperationFailed")
      yield* inject(Fault.reset("before"), { on: "lists.items.create" })
      assert.strictEqual((yield* Effect.flip(items.sync(listId, ips("192.0.2.1"))))._tag, "OutcomeUnknown")
    }).pipe(Effect.provide(inMemory())))

  it.effect("retries an operation that failed with the text of the limit on writes", () =>
    Effect.gen(function*() {
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).planNext({
        outcome: OperationPlan.failed("you have been ratelimited please wait and try again")
      })
      assert.strictEqual((yield* sync(listId, ips("192.0.2.1"))).method, "create")
      assert.deepStrictEqual(yield* writesSent, ["POST", "POST"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("lets no other writer of this process come between its reading and its writing", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList(...addresses(0, 10))
      yield* passing(Effect.all([
        items.sync(listId, ips(...addresses(1, 11))),
        items.create(listId, ips("192.0.2.1")),
        items.sync(listId, ips(...addresses(2, 12)))
      ], { concurrency: "unbounded" }))
      assert.deepStrictEqual(yield* writesSent, ["POST", "DELETE", "POST", "POST", "DELETE"])
      assert.deepStrictEqual(yield* held(listId), addresses(2, 12))
    }).pipe(Effect.provide(inMemory())))

  it.effect("with visibleWithin, reads the list until it shows what was written", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1")
      const { planNext } = yield* Simulator.Simulator
      yield* planNext({ readableAfter: "6 seconds" })
      const [, seen] = yield* passing(Effect.zip(
        items.sync(listId, ips("192.0.2.1", "192.0.2.2"), { visibleWithin: "30 seconds" }),
        Clock.currentTimeMillis
      ))
      assert.isBelow(seen, 15_000)
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.1", "192.0.2.2"])
      yield* planNext({ readableAfter: "1 hour" })
      const began = yield* Clock.currentTimeMillis
      const [error, at] = yield* passing(Effect.zip(
        Effect.flip(items.sync(
          listId,
          [ListItem.ip("192.0.2.1", { comment: "new" }), ListItem.ip("192.0.2.3")],
          { visibleWithin: "30 seconds", replaceAbove: 0 }
        )),
        Clock.currentTimeMillis
      ))
      assert(error._tag === "SyncNotVisible")
      assert.deepStrictEqual([error.missing, error.extra], [2, 1])
      assert.isAtLeast(at - began, 30_000)
      assert.isBelow(at - began, 40_000)
      const waited = Duration.toMillis(error.waited)
      assert.isAtLeast(waited, 30_000)
      assert.isBelow(waited, 31_000)
      assert.match(
        error.message,
        /^The operations on list \w+ have completed, but 30s.* later it did not show 2 wanted items and still showed 1 others\./
      )
    }).pipe(Effect.provide(inMemory())))

  it.effect.each([[true, "Success"], [false, "Failure"]] as const)(
    "tolerates failed reads for visibleWithin, once all is written: %s is %s",
    ([passes, outcome]) =>
      Effect.gen(function*() {
        const items = yield* Items
        const listId = yield* ipList("192.0.2.1")
        const { clearFaults, inject, planNext } = yield* Simulator.Simulator
        yield* planNext({ duration: "10 seconds" })
        const syncing = yield* Effect.forkChild(
          Effect.result(items.sync(listId, ips("192.0.2.1", "192.0.2.2"), { visibleWithin: "5 minutes" }))
        )
        yield* TestClock.adjust("5 seconds")
        yield* inject(Fault.htmlError(502), { on: "lists.items.list" })
        yield* TestClock.adjust("3 minutes")
        if (passes) yield* clearFaults
        yield* TestClock.adjust("5 minutes")
        assert.strictEqual((yield* Fiber.join(syncing))._tag, outcome)
        assert.deepStrictEqual(yield* writesSent, ["POST"])
      }).pipe(Effect.provide(inMemory()))
  )

  it.effect("of 1,500 items reads three pages", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...addresses(0, 1500))
      yield* sync(listId, ips(...addresses(0, 1500)))
      const read = yield* requestsTo("lists.items.list")
      assert.lengthOf(read, 3)
      assert.isTrue(read.every(({ status }) => Option.contains(status, 200)))
    }).pipe(Effect.provide(inMemory())))
})
