import { CloudflareApi } from "@bulk-operations/core"
import { InvalidItems, ListItem, ListItems, WriteError, WritePolicy } from "@bulk-operations/lists"
import { Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { held, inMemory, ipList, ips, passing, refusing, requestsTo, servicesAt, spansOf, writesSent } from "./World.ts"

const Items = ListItems.ListItems

const pollsSent = Effect.map(requestsTo("lists.bulkOperations.get"), (all) => all.length)

// Every way to write items.
const allWrites = <E>(
  { create, createAndWait, replace, replaceAndWait, sync }: ListItems.ListItems["Service"],
  listId: string,
  items: ListItems.Items<ListItem.ListItem, E>
): ReadonlyArray<Effect.Effect<unknown, unknown>> => [
  create(listId, items),
  createAndWait(listId, items),
  replace(listId, items),
  replaceAndWait(listId, items),
  sync(listId, items)
]

describe("a write", () => {
  it.effect("returns the operation id as soon as it is accepted, without a poll", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const id = yield* items.create(listId, ips("192.0.2.1/32", "2001:DB8::1"))
      const { operations } = yield* (yield* Simulator.Simulator).state
      assert.deepStrictEqual(operations.map(({ operation }) => operation.id), [id])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.1", "2001:db8::1"])
      assert.strictEqual(yield* pollsSent, 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect("with a wait ends when its operation has ended, and is first polled after a gap", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.9")
      const completed = yield* passing(items.createAndWait(listId, ips("192.0.2.1")))
      assert.strictEqual(completed.status, "completed")
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.1", "192.0.2.9"])
      const [first, poll] = yield* requestsTo("lists.items.create", "lists.bulkOperations.get")
      assert.isAbove(Number(poll?.receivedAt.epochMilliseconds) - Number(first?.receivedAt.epochMilliseconds), 100)
    }).pipe(Effect.provide(inMemory())))

  it.effect("replaces and deletes as well", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1", "192.0.2.2")
      yield* passing(items.replaceAndWait(listId, ips("192.0.2.2", "192.0.2.3")))
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.2", "192.0.2.3"])
      const [first] = yield* Stream.runCollect(items.stream(listId))
      yield* passing(items.deleteAndWait(listId, [first?.id ?? "", first?.id ?? ""]))
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.3"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("is traced by the name of the call, with its operation", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1", "192.0.2.2")
      const ids = (yield* Stream.runCollect(items.stream(listId))).map(({ id }) => id)
      const spans = yield* passing(spansOf(
        Effect.all([
          items.create(listId, ips("192.0.2.3")),
          items.replace(listId, ips("192.0.2.3")),
          items.delete(listId, ids),
          items.createAndWait(listId, ips("192.0.2.4")),
          items.replaceAndWait(listId, ips("192.0.2.4")),
          items.deleteAndWait(listId, ids)
        ])
      ))
      const { operations } = yield* (yield* Simulator.Simulator).state
      assert.deepStrictEqual(
        spans.map(({ attributes, name }) => [name, attributes.get("cloudflare.operation_id")]),
        [
          "ListItems.create",
          "ListItems.replace",
          "ListItems.delete",
          "ListItems.createAndWait",
          "ListItems.replaceAndWait",
          "ListItems.deleteAndWait"
        ].map((name, index) => [name, operations[index]?.operation.id])
      )
      assert.deepStrictEqual(yield* writesSent, ["POST", "PUT", "DELETE", "POST", "PUT", "DELETE"])
      // The fourth waited for the third.
      assert.deepStrictEqual(spans[3]?.events.map(([name]) => name), ["write.waits_for_operation"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("accepts a single id", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1", "192.0.2.3")
      const [first] = yield* Stream.runCollect(items.stream(listId))
      yield* passing(items.deleteAndWait(listId, first?.id ?? ""))
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.3"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("of items that were read does not send the fields that Cloudflare added", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const [from, to] = [yield* ipList("192.0.2.1"), yield* ipList()]
      yield* passing(items.createAndWait(to, items.stream(from)))
      const [sent] = yield* requestsTo("lists.items.create")
      assert.strictEqual(sent?.body, "[{\"ip\":\"192.0.2.1\"}]")
    }).pipe(Effect.provide(inMemory())))

  it.effect("of every kind sends all that its items specify", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const { createList } = yield* Simulator.Simulator
      const written: ReadonlyArray<ListItem.ListItem> = [
        ListItem.redirect({
          source_url: "example.com",
          target_url: "https://example.net/",
          subpath_matching: true,
          preserve_path_suffix: true
        }, { comment: "moved" }),
        ListItem.hostname("*.Bücher.example"),
        ListItem.asn(13335, { comment: "ours" })
      ]
      for (const item of written) {
        const listId = yield* createList({ name: `all_${item.kind}`, kind: item.kind })
        yield* passing(items.createAndWait(listId, [item]))
        const [read] = yield* Stream.runCollect(items.stream(listId))
        assert.isTrue(read !== undefined && ListItem.equals(read, item), JSON.stringify(read))
      }
    }).pipe(Effect.provide(inMemory())))

  it.effect("fails as its operation does, with Cloudflare's text", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).planNext({
        outcome: OperationPlan.failed("This list is at the maximum number of items")
      })
      const error = yield* passing(Effect.flip(items.createAndWait(listId, ips("192.0.2.1"))))
      assert.strictEqual(error._tag, "BulkOperationFailed")
      assert.include(error.message, "This list is at the maximum number of items")
      assert.deepStrictEqual(yield* writesSent, ["POST"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("accepts options of its wait", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).planNext({ duration: "Infinity" })
      const waiting = items.createAndWait(listId, ips("192.0.2.1"), { wait: { timeout: "10 seconds" } })
      const error = yield* passing(Effect.flip(waiting), "10 seconds")
      assert.strictEqual(error._tag, "PollTimeout")
    }).pipe(Effect.provide(inMemory())))

  it.effect("of another kind than the list's is refused by Cloudflare, with its code", () =>
    Effect.gen(function*() {
      const listId = yield* ipList()
      const error = yield* Effect.flip((yield* Items).create(listId, [ListItem.asn(1)]))
      assert(error._tag === "CloudflareError")
      assert.deepStrictEqual(error.reason.errors.map(({ code }) => code), [10058])
    }).pipe(Effect.provide(inMemory())))
})

describe("nothing is sent", () => {
  it.effect("of wrong, mixed or duplicate items", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const wrong = [ips("x"), ips("192.0.2.1", "192.0.2.1/32"), [ListItem.ip("192.0.2.1"), ListItem.asn(1)]]
      for (const given of wrong) {
        for (const call of allWrites(items, listId, given)) {
          assert.instanceOf(yield* Effect.flip(call), InvalidItems.InvalidItems)
        }
      }
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect("without items, unless the list is to be emptied", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1")
      const nothing = [
        ...allWrites(items, listId, []),
        ...allWrites(items, listId, Stream.empty),
        items.delete(listId, new Set<string>()),
        items.deleteAndWait(listId, [])
      ]
      for (const call of nothing) assert.instanceOf(yield* Effect.flip(call), WriteError.NoItems)
      const { message } = yield* Effect.flip(items.replace(listId, []))
      assert.strictEqual(
        message,
        `There are no items, and replace would empty list ${listId}, so nothing was sent. If that is intended, set allowEmpty: true.`
      )
      assert.match(
        (yield* Effect.flip(items.sync(listId, []))).message,
        /and sync would empty list .* allowEmpty: true/
      )
      assert.strictEqual(
        (yield* Effect.flip(items.delete(listId, []))).message,
        `There are no items to delete, so nothing was sent to list ${listId}.`
      )
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
      yield* items.replace(listId, [], { allowEmpty: true })
      yield* passing(items.replaceAndWait(listId, [], { allowEmpty: true }))
      assert.deepStrictEqual(yield* held(listId), [])
      assert.deepStrictEqual(yield* writesSent, ["PUT", "PUT"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("of a stream that fails in the middle", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const broken = Stream.concat(Stream.fromIterable(ips("192.0.2.1")), Stream.fail("disk on fire" as const))
      for (const call of allWrites(items, listId, broken)) assert.strictEqual(yield* Effect.flip(call), "disk on fire")
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect("with an invalid list id", () =>
    Effect.gen(function*() {
      const items = yield* Items
      for (const call of [items.create("..", ips("192.0.2.1")), items.create("", ips("192.0.2.1"))]) {
        const error = yield* Effect.flip(call)
        assert.isTrue(error._tag === "CloudflareError" && error.reason._tag === "InvalidRequest")
      }
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
    }).pipe(Effect.provide(inMemory())))
})

describe("a write during another pending operation", () => {
  it.effect("waits for it, and is retried until it is accepted", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).startOperation({ duration: "7 minutes" })
      yield* passing(items.createAndWait(listId, ips("192.0.2.1")))
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.1"])
      const sent = yield* requestsTo("lists.items.create")
      assert.deepStrictEqual(
        sent.filter(({ status }) => status._tag === "Some" && status.value === 200).length,
        1
      )
      assert.isBelow(sent.length, 30)
      const last = sent.at(-1)?.receivedAt.epochMilliseconds ?? 0
      assert.isAtLeast(last, Duration.toMillis("7 minutes"))
      assert.isBelow(last, Duration.toMillis("7 minutes") + 31_000)
    }).pipe(Effect.provide(inMemory())))

  it.effect("fails after its patience with the pending operation as the reason, and how long it tried", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).startOperation({ duration: "Infinity" })
      yield* TestClock.adjust("1 minute")
      const writing = items.create(listId, ips("192.0.2.1"), { patience: "2 minutes" })
      const [error, at] = yield* passing(Effect.zip(Effect.flip(writing), Clock.currentTimeMillis))
      assert(error._tag === "AnotherOperationPending")
      assert.strictEqual(at, 180_000)
      assert.deepInclude(error, { accountId: Simulator.accountId, listId, attempts: (yield* writesSent).length })
      assert.strictEqual(Duration.toMillis(error.waited), 120_000)
      assert.match(
        error.message,
        /^Another bulk operation of account \w+ was pending for 2m.* not written to \(\d+ attempts\)\. .*30,000 requests.*10040/
      )
    }).pipe(Effect.provide(inMemory())))

  it.effect("waits for Retry-After, and fails at once if that exceeds its patience", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { clearFaults, inject } = yield* Simulator.Simulator
      yield* inject(Fault.rateLimited({ retryAfter: "40 seconds" }), { on: "lists.items.create", times: 1 })
      yield* passing(items.createAndWait(listId, ips("192.0.2.1")))
      const sent = (yield* requestsTo("lists.items.create")).map(({ receivedAt }) => receivedAt.epochMilliseconds)
      assert.strictEqual(Number(sent[1]) - Number(sent[0]), 40_000)
      yield* clearFaults
      yield* inject(Fault.rateLimited({ retryAfter: "15 minutes" }), { on: "lists.items.create", times: 1 })
      yield* passing(items.createAndWait(listId, ips("192.0.2.2")))
      yield* inject(Fault.rateLimited({ retryAfter: "20 minutes" }), { on: "lists.items.create" })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(items.create(listId, ips("192.0.2.2")))))
    }).pipe(Effect.provide(inMemory())))

  it.effect.each(
    [
      [[], "AnotherOperationPending"],
      [[10040], "AnotherOperationPending"],
      [[971], "CloudflareError"],
      [[10040, 971], "CloudflareError"]
    ] as const
  )("knows it by the codes of its refusal: %j is %s", ([codes, tag]) =>
    Effect.gen(function*() {
      const writing = (yield* Items).create("list", ips("192.0.2.1"), { schedule: Schedule.recurs(0) })
      assert.strictEqual((yield* Effect.flip(writing))._tag, tag)
    }).pipe(Effect.provide(refusing(429, ...codes))))

  it.effect("is distinguished from the rate limit of the whole API", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).inject(Fault.rateLimited(), { on: "lists.items.create" })
      const error = yield* passing(Effect.flip(items.create(listId, ips("192.0.2.1"), { patience: "1 minute" })))
      assert(error._tag === "CloudflareError")
      assert.deepStrictEqual(error.reason.errors.map(({ code }) => code), [971])
    }).pipe(Effect.provide(inMemory())))

  it.effect("follows a given schedule, which may end", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).startOperation({ duration: "Infinity" })
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 2 }))
      const error = yield* passing(Effect.flip(items.create(listId, ips("192.0.2.1"), { schedule })))
      assert.strictEqual(error._tag, "AnotherOperationPending")
      assert.lengthOf(yield* writesSent, 3)
      const once = yield* Effect.flip(items.create(listId, ips("192.0.2.1"), { schedule: Schedule.recurs(0) }))
      assert.match(once.message, /was pending, so list \w+ was not written to \(1 attempt\)/)
    }).pipe(Effect.provide(inMemory())))

  it.effect("is repeated if its operation failed with the text of the limit on writes", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const limited = OperationPlan.failed("you have been ratelimited please wait and try again")
      yield* (yield* Simulator.Simulator).planNext({ outcome: limited }, { outcome: limited })
      assert.strictEqual((yield* passing(items.replaceAndWait(listId, ips("192.0.2.1")))).status, "completed")
      assert.deepStrictEqual(yield* writesSent, ["PUT", "PUT", "PUT"])
    }).pipe(Effect.provide(inMemory())))
})

const lost: ReadonlyArray<readonly [string, Fault.Fault]> = [
  ["a reset", Fault.reset("before", { carriedOut: true })],
  ["a reset before it was carried out", Fault.reset("before")],
  ["a body that breaks off", Fault.reset("in", { carriedOut: true })],
  ["a gateway's timeout", Fault.htmlError(504, { carriedOut: true })],
  ["silence", Fault.stall({ carriedOut: true })],
  ["half of a body", Fault.stall({ at: "in", carriedOut: true })],
  ["an answer of another shape", Fault.wrongShape()]
]

describe("a write whose answer is lost", () => {
  it.effect.each(lost)("to %s is sent once, and fails with what to check", ([, fault]) =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).inject(fault, { on: ["lists.items.create", "lists.items.update"] })
      const calls: ReadonlyArray<readonly [string, Effect.Effect<unknown, Error>]> = [
        ["create", items.create(listId, ips("192.0.2.1"))],
        ["replace", items.replaceAndWait(listId, ips("192.0.2.1"))]
      ]
      for (const [action, call] of calls) {
        const error = yield* passing(Effect.flip(call))
        assert(error instanceof WriteError.OutcomeUnknown, error.message)
        assert.deepStrictEqual([error.action, error.listId], [action, listId])
        assert.match(
          error.message,
          /^It is unknown whether .* has begun.*Check what the list holds.* "repeat" does so\.$/
        )
      }
      assert.deepStrictEqual(yield* writesSent, ["POST", "PUT"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("is repeated only with onLostAnswer, once the operation it may have started has ended", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { inject, state } = yield* Simulator.Simulator
      yield* inject(Fault.reset("before", { carriedOut: true }), { on: "lists.items.create", times: 1 })
      yield* passing(items.createAndWait(listId, ips("192.0.2.1"), { onLostAnswer: "repeat" }))
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.1"])
      assert.lengthOf((yield* state).operations, 2)
    }).pipe(Effect.provide(inMemory())))

  it.effect("is the only one that is repeated then: a refusal is not", () =>
    Effect.gen(function*() {
      const listId = yield* ipList()
      const error = yield* Effect.flip((yield* Items).create(listId, [ListItem.asn(1)], { onLostAnswer: "repeat" }))
      assert.strictEqual(error._tag, "CloudflareError")
      assert.lengthOf(yield* writesSent, 1)
    }).pipe(Effect.provide(inMemory())))

  it.effect("has an unknown outcome if its repetition meets only a pending operation", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { inject, planNext } = yield* Simulator.Simulator
      yield* planNext({ duration: "Infinity" })
      yield* inject(Fault.reset("before", { carriedOut: true }), { on: "lists.items.create", times: 1 })
      const error = yield* passing(Effect.flip(items.create(listId, ips("192.0.2.1"), { onLostAnswer: "repeat" })))
      assert.strictEqual(error._tag, "OutcomeUnknown")
    }).pipe(Effect.provide(inMemory())))

  it.live("is not one that was never sent, which fails with the outcome notSent", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const error = yield* Effect.flip(items.create("list", ips("192.0.2.1")))
      assert.isTrue(error._tag === "CloudflareError" && error.outcome === "notSent", error.message)
    }).pipe(Effect.provide(servicesAt("http://127.0.0.1:1").pipe(Layer.provide(NodeHttpClient.layerUndici)))))

  it.effect("times out by the request policy", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).inject(Fault.stall(), { on: "lists.items.create" })
      const fiber = yield* Effect.forkChild(
        Effect.flip(items.create(listId, ips("192.0.2.1"))).pipe(
          Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, timeout: "2 seconds" as const }))
        )
      )
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "OutcomeUnknown")
    }).pipe(Effect.provide(inMemory())))
})

// Gives what has been notified, with the milliseconds at which it was.
const recording = () => {
  const notified: Array<readonly [number, WritePolicy.Retrying]> = []
  const onRetry = (retrying: WritePolicy.Retrying) =>
    Effect.map(Clock.currentTimeMillis, (now) => void notified.push([now, retrying]))
  return { notified, onRetry }
}

describe("onRetry", () => {
  it.effect("is notified at once that another operation is pending, but not of each retry", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { notified, onRetry } = recording()
      yield* passing(items.createAndWait(listId, ips("192.0.2.1"), { onRetry }))
      assert.deepStrictEqual(notified, [])
      const began = yield* Clock.currentTimeMillis
      yield* (yield* Simulator.Simulator).startOperation({ duration: "7 minutes" })
      yield* passing(items.replaceAndWait(listId, ips("192.0.2.2"), { onRetry }))
      assert.deepStrictEqual(notified, [[began, {
        accountId: Simulator.accountId,
        listId,
        action: "replace",
        reason: "operationPending",
        until: Option.some(DateTime.makeUnsafe(began + 15 * 60_000))
      }]])
    }).pipe(Effect.provide(inMemory())))

  it.effect("is notified of another reason, and that there is no limit", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList("192.0.2.1")
      const { inject, startOperation } = yield* Simulator.Simulator
      yield* inject(Fault.rateLimited(), { on: "lists.items.create", times: 2 })
      yield* inject(Fault.htmlError(504), { on: "lists.items.create", after: 2, times: 1 })
      yield* startOperation({ duration: "7 minutes" })
      const { notified, onRetry } = recording()
      const policy = { onRetry, patience: "Infinity", onLostAnswer: "repeat" } as const
      yield* passing(items.sync(listId, ips("192.0.2.1", "192.0.2.2"), policy))
      const reasons = notified.map(([, { reason, until }]) => [reason, until])
      assert.deepStrictEqual(reasons, [
        ["requestLimit", Option.none()],
        ["answerLost", Option.none()],
        ["operationPending", Option.none()]
      ])
    }).pipe(Effect.provide(inMemory())))

  it.effect("is notified of the same end of patience for another reason", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { inject, startOperation } = yield* Simulator.Simulator
      yield* inject(Fault.rateLimited(), { on: "lists.items.create", times: 1 })
      yield* startOperation({ duration: "7 minutes" })
      const { notified, onRetry } = recording()
      const began = yield* Clock.currentTimeMillis
      yield* passing(items.createAndWait(listId, ips("192.0.2.1"), { onRetry }))
      assert.deepStrictEqual(notified.map(([, { reason }]) => reason), ["requestLimit", "operationPending"])
      for (const [, { until }] of notified) {
        const end = DateTime.toEpochMillis(Option.getOrThrow(until))
        assert.approximately(end, began + 15 * 60_000, 10)
      }
    }).pipe(Effect.provide(inMemory())))

  it.effect("is notified of the limit on writes that a failed operation names", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const limited = OperationPlan.failed("you have been ratelimited please wait and try again")
      yield* (yield* Simulator.Simulator).planNext({ outcome: limited }, { outcome: limited })
      const { notified, onRetry } = recording()
      yield* passing(items.replaceAndWait(listId, ips("192.0.2.1"), { onRetry }))
      assert.deepStrictEqual(notified.map(([, { action, reason }]) => [action, reason]), [["replace", "writeLimit"]])
    }).pipe(Effect.provide(inMemory())))

  it.effect("is not notified of a write that is not retried", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).startOperation({ duration: "Infinity" })
      const { notified, onRetry } = recording()
      const write = (options: ListItems.WriteOptions) =>
        passing(Effect.flip(items.create(listId, ips("192.0.2.1"), { onRetry, ...options })))
      yield* write({ patience: 0 })
      yield* write({ schedule: Schedule.recurs(0) })
      assert.deepStrictEqual(notified, [])
    }).pipe(Effect.provide(inMemory())))
})

describe("the policy of writes", () => {
  it.effect("is the one in the context, except for options of a write", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).startOperation({ duration: "Infinity" })
      const policy = { ...WritePolicy.defaults, patience: "10 seconds" as const }
      const [error, at] = yield* passing(
        Effect.zip(Effect.flip(items.create(listId, ips("192.0.2.1"))), Clock.currentTimeMillis).pipe(
          Effect.provideService(WritePolicy.WritePolicy, policy)
        )
      )
      assert.strictEqual(error._tag, "AnotherOperationPending")
      assert.strictEqual(at, 10_000)
    }).pipe(Effect.provide(inMemory())))
})
