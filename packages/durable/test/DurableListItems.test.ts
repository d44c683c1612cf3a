import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { DurableListItems, WriteKeyInUse } from "@bulk-operations/durable"
import { ListItem, ListItems, WritePolicy } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, Schedule, Stream } from "effect"
import { HttpClient } from "effect/http"
import type { DatabaseSync } from "node:sqlite"
import * as Store from "./sqlite/Store.ts"

const eager = Layer.succeed(WritePolicy.WritePolicy, {
  ...WritePolicy.defaults,
  schedule: Schedule.spaced("20 millis"),
  patience: "10 seconds"
})

const unhurried = Layer.succeed(WritePolicy.WritePolicy, {
  ...WritePolicy.defaults,
  schedule: Schedule.spaced("3 seconds")
})

const world = Simulator.layerHttpClient({ duration: "100 millis", pendingFor: "50 millis" })

/** A process that has this store, and sends by a client of its own making. */
const process = (
  database: DatabaseSync,
  transport: (client: HttpClient.HttpClient) => HttpClient.HttpClient = (client) => client,
  policy = eager
) =>
  DurableListItems.layer.pipe(
    Layer.provide(Store.cluster(database)),
    Layer.provideMerge(ListItems.layer),
    Layer.provide(BulkOperationPoller.layer),
    Layer.provideMerge(BulkOperations.layer),
    Layer.provide(Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) =>
      CloudflareApi.layer({
        credentials: Credentials.apiToken(Redacted.make("any-token-that-is-long-enough")),
        accountId: Simulator.accountId,
        baseUrl
      })))),
    Layer.provide(Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, transport))),
    Layer.provide(policy)
  )

const isWrite = (method: string) => method !== "GET"

/** Sends writes, and never returns their answers. */
const silent = (sent: Deferred.Deferred<void>) => (client: HttpClient.HttpClient) =>
  HttpClient.transform(
    client,
    (response, { method }) =>
      isWrite(method)
        ? Effect.andThen(response, Effect.andThen(Deferred.succeed(sent, undefined), Effect.never))
        : response
  )

/** Sends no write, and says that it was about to. */
const unsent = (reached: Deferred.Deferred<void>) => (client: HttpClient.HttpClient) =>
  HttpClient.transform(
    client,
    (response, { method }) =>
      isWrite(method) ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) : response
  )

const repliesIn = (database: DatabaseSync) =>
  Effect.sync(() => Number(database.prepare("SELECT count(*) AS n FROM cluster_replies").get()?.["n"]))

/** When the one write of the store has ended. */
const ended = (database: DatabaseSync) =>
  Effect.repeat(
    Effect.sync(() =>
      database.prepare("SELECT count(*) AS n FROM cluster_messages WHERE tag = 'run' AND processed = 1").get()
    ),
    { schedule: Schedule.spaced("50 millis"), until: (row) => row?.["n"] === 1 }
  )

const ips = (...addresses: ReadonlyArray<string>) => addresses.map((address) => ListItem.ip(address))

const list = (...addresses: ReadonlyArray<string>) =>
  Effect.flatMap(
    Simulator.Simulator,
    ({ createList, state }) =>
      Effect.flatMap(state, ({ lists }) =>
        createList({ name: `list_${lists.length}`, kind: "ip", items: addresses.map((ip) => ({ ip })) }))
  )

const itemsOf = (listId: string) => ListItems.ListItems.use((items) => Stream.runCollect(items.stream(listId)))

const held = (listId: string) => Effect.map(itemsOf(listId), (all) => all.map(ListItem.show).toSorted())

const writes = Effect.flatMap(
  Simulator.Simulator,
  ({ requests }) =>
    Effect.map(requests, (all) => all.filter(({ method }) => isWrite(method)).map(({ method }) => method))
)

/** The operations that Cloudflare has begun. */
const begun = Effect.flatMap(
  Simulator.Simulator,
  ({ state }) => Effect.map(state, ({ operations }) => operations.length)
)

/** Those of them that have not ended. */
const underWay = Effect.flatMap(
  Simulator.Simulator,
  ({ state }) =>
    Effect.map(state, ({ operations }) => operations.filter(({ operation }) => operation.status !== "completed").length)
)

const { DurableListItems: durable } = DurableListItems

describe("a durable write", () => {
  it.live("adds, replaces and deletes items, and returns the operation", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      yield* Effect.gen(function*() {
        const items = yield* durable
        const listId = yield* list("192.0.2.1")
        const added = yield* items.createAndWait(listId, ips("192.0.2.2"), { key: "1" })
        assert.strictEqual(Option.getOrThrow(added).status, "completed")
        assert.deepStrictEqual(yield* held(listId), ["192.0.2.1", "192.0.2.2"])
        yield* items.replaceAndWait(listId, ips("192.0.2.3", "192.0.2.4"), { key: "2" })
        assert.deepStrictEqual(yield* held(listId), ["192.0.2.3", "192.0.2.4"])
        const [first] = yield* itemsOf(listId)
        yield* items.deleteAndWait(listId, [first?.id ?? ""], { key: "3" })
        assert.lengthOf(yield* held(listId), 1)
        yield* items.replaceAndWait(listId, [], { key: "4", allowEmpty: true })
        assert.deepStrictEqual(yield* held(listId), [])
      }).pipe(Effect.provide(process(database)))
    }).pipe(Effect.provide(world)))

  it.live("is sent once, however often it is called with the same key", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      const listId = yield* list()
      const ask = durable.use((items) => items.replaceAndWait(listId, ips("192.0.2.1"), { key: "daily" }))
      yield* Effect.all([ask, ask], { concurrency: 2 }).pipe(Effect.provide(process(database)))
      yield* ask.pipe(Effect.provide(process(database)))
      assert.strictEqual(yield* begun, 1)
    }).pipe(Effect.provide(world)))

  const cases = {
    replaceAndWait: (listId: string) =>
      durable.use((items) => items.replaceAndWait(listId, ips("192.0.2.1", "192.0.2.2"), { key: "a" })),
    createAndWait: (listId: string) =>
      durable.use((items) => items.createAndWait(listId, ips("192.0.2.1", "192.0.2.2"), { key: "a" })),
    deleteAndWait: (listId: string) =>
      durable.use((items) =>
        Effect.flatMap(
          ListItems.ListItems,
          (all) =>
            Effect.flatMap(
              Stream.runCollect(all.stream(listId)),
              (held) => items.deleteAndWait(listId, held.slice(0, 1).map(({ id }) => id), { key: "a" })
            )
        )
      )
  }

  for (const [name, write] of Object.entries(cases)) {
    it.live(`that was sent when its process died is not sent again: ${name}`, () =>
      Effect.gen(function*() {
        const database = yield* Store.database
        const listId = yield* list("192.0.2.1", "192.0.2.9")
        const sent = yield* Deferred.make<void>()
        yield* Effect.gen(function*() {
          yield* Effect.forkScoped(write(listId))
          yield* Deferred.await(sent)
        }).pipe(Effect.scoped, Effect.provide(process(database, silent(sent))))
        assert.strictEqual(yield* repliesIn(database), 1)
        yield* Effect.repeat(underWay, { schedule: Schedule.spaced("20 millis"), until: (n) => n === 0 })
        // The store takes the write up by itself.
        yield* ended(database).pipe(Effect.provide(process(database)))
        assert.strictEqual(yield* begun, 1)
      }).pipe(Effect.provide(world)))
  }

  it.live("that was not sent when its process died is sent by the next process", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      const listId = yield* list("192.0.2.9")
      const reached = yield* Deferred.make<void>()
      yield* Effect.gen(function*() {
        yield* Effect.forkScoped(cases.replaceAndWait(listId))
        yield* Deferred.await(reached)
      }).pipe(Effect.scoped, Effect.provide(process(database, unsent(reached))))
      assert.strictEqual(yield* begun, 0)
      yield* Effect.gen(function*() {
        const operation = yield* cases.replaceAndWait(listId)
        assert.strictEqual(Option.getOrThrow(operation).status, "completed")
        assert.deepStrictEqual(yield* held(listId), ["192.0.2.1", "192.0.2.2"])
      }).pipe(Effect.provide(process(database)))
      assert.strictEqual(yield* begun, 1)
    }).pipe(Effect.provide(world)))

  it.live("whose operation is known is continued by the next process, which only polls", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      const { planNext } = yield* Simulator.Simulator
      const listId = yield* list("192.0.2.9")
      yield* planNext({ duration: "3 seconds" })
      yield* Effect.gen(function*() {
        yield* Effect.forkScoped(cases.replaceAndWait(listId))
        yield* Effect.repeat(repliesIn(database), { schedule: Schedule.spaced("20 millis"), until: (n) => n === 2 })
      }).pipe(Effect.scoped, Effect.provide(process(database)))
      const operation = yield* cases.replaceAndWait(listId).pipe(Effect.provide(process(database)))
      assert.strictEqual(Option.getOrThrow(operation).status, "completed")
      assert.deepStrictEqual(yield* writes, ["PUT"])
    }).pipe(Effect.provide(world)))

  it.live("whose answer is lost is sent again only if the list does not contain its change", () =>
    Effect.gen(function*() {
      const { complete, inject, planNext, state } = yield* Simulator.Simulator
      const shown = yield* list("192.0.2.9")
      yield* planNext({ duration: "1 hour" })
      yield* inject(Fault.htmlError(502, { carriedOut: true }), { on: "lists.items.update", times: 1 })
      yield* Effect.gen(function*() {
        const write = yield* Effect.forkChild(cases.replaceAndWait(shown))
        // Refused, because its own operation is pending. Between two attempts that ends.
        yield* Effect.repeat(writes, { schedule: Schedule.spaced("20 millis"), until: ({ length }) => length === 2 })
        const [operation] = (yield* state).operations
        yield* complete(operation?.operation.id ?? "")
        assert.isTrue(Option.isNone(yield* Fiber.join(write)))
        assert.deepStrictEqual(yield* held(shown), ["192.0.2.1", "192.0.2.2"])
      }).pipe(Effect.provide(process(yield* Store.database, undefined, unhurried)))
      assert.strictEqual(yield* begun, 1)
      const hidden = yield* list("192.0.2.9")
      yield* inject(Fault.htmlError(502), { on: "lists.items.update", times: 1 })
      const operation = yield* cases.replaceAndWait(hidden).pipe(Effect.provide(process(yield* Store.database)))
      assert.isTrue(Option.isSome(operation))
      assert.strictEqual(yield* begun, 2)
    }).pipe(Effect.provide(world)))

  it.live("with the key of another write is refused until that one is forgotten", () =>
    Effect.gen(function*() {
      const { complete, planNext, state } = yield* Simulator.Simulator
      const database = yield* Store.database
      const listId = yield* list()
      yield* planNext({ duration: "1 hour" })
      yield* Effect.gen(function*() {
        const items = yield* durable
        const first = yield* Effect.forkChild(items.replaceAndWait(listId, ips("192.0.2.1"), { key: "daily" }))
        yield* Effect.repeat(begun, { schedule: Schedule.spaced("20 millis"), until: (n) => n === 1 })
        const [operation] = (yield* state).operations
        const other = items.replaceAndWait(listId, ips("192.0.2.2"), { key: "daily" })
        const underWay = yield* Effect.flip(other)
        assert.instanceOf(underWay, WriteKeyInUse.WriteKeyInUse)
        assert.match(underWay.message, /The key "daily" names another write to list/)
        assert.isFalse(yield* items.forget(listId, { key: "daily" }))
        yield* complete(operation?.operation.id ?? "")
        yield* Fiber.join(first)
        assert.strictEqual((yield* Effect.flip(other))._tag, "WriteKeyInUse")
        assert.strictEqual(yield* begun, 1)
        assert.isTrue(yield* items.forget(listId, { key: "daily" }))
        yield* other
        assert.deepStrictEqual(yield* held(listId), ["192.0.2.2"])
      }).pipe(Effect.provide(process(database)))
    }).pipe(Effect.provide(world)))

  it.live("can be cancelled, while its operation continues", () =>
    Effect.gen(function*() {
      const { planNext } = yield* Simulator.Simulator
      const listId = yield* list()
      yield* planNext({ duration: "1 hour" })
      yield* Effect.gen(function*() {
        const items = yield* durable
        const write = yield* Effect.forkChild(items.replaceAndWait(listId, ips("192.0.2.1"), { key: "a" }))
        yield* Effect.repeat(begun, { schedule: Schedule.spaced("20 millis"), until: (n) => n === 1 })
        yield* items.cancel(listId, { key: "a" })
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(write)))
        assert.isTrue(yield* items.forget(listId, { key: "a" }))
      }).pipe(Effect.provide(process(yield* Store.database)))
      assert.strictEqual(yield* begun, 1)
    }).pipe(Effect.provide(world)))

  it.live("fails with the errors of a write that is not durable", () =>
    Effect.gen(function*() {
      const { planNext } = yield* Simulator.Simulator
      const database = yield* Store.database
      const listId = yield* list()
      yield* Effect.gen(function*() {
        const items = yield* durable
        const tags = yield* Effect.forEach([
          items.replaceAndWait(listId, [], { key: "1" }),
          items.createAndWait(listId, [], { key: "2" }),
          items.deleteAndWait(listId, [], { key: "3" }),
          items.createAndWait(listId, ips("192.0.2.300"), { key: "4" })
        ], (write) => Effect.map(Effect.flip(write), ({ _tag }) => _tag))
        assert.deepStrictEqual(tags, ["NoItems", "NoItems", "NoItems", "InvalidItems"])
        assert.strictEqual(database.prepare("SELECT count(*) AS n FROM cluster_messages").get()?.["n"], 0)
        yield* planNext({ outcome: OperationPlan.failed("the list is full") })
        const failed = yield* Effect.flip(items.createAndWait(listId, ips("192.0.2.1"), { key: "5" }))
        assert.strictEqual(failed._tag, "BulkOperationFailed")
        const unknown = yield* Effect.flip(items.createAndWait("nothing", ips("192.0.2.1"), { key: "7" }))
        assert.strictEqual(unknown._tag, "CloudflareError")
        yield* planNext({ duration: "1 hour" })
        const late = items.createAndWait(listId, ips("192.0.2.1"), { key: "6", wait: { timeout: "500 millis" } })
        assert.strictEqual((yield* Effect.flip(late))._tag, "PollTimeout")
      }).pipe(Effect.provide(process(database)))
    }).pipe(Effect.provide(world)))
})
