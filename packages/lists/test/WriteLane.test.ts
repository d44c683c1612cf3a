import { ListItems, WriteLane, WriteMetrics } from "@bulk-operations/lists"
import { OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, type Duration, Effect, Exit, Fiber, Layer, Logger, Metric, References, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { held, inMemory, ipList, ips, passing, requestsTo, services, writesSent } from "./World.ts"

const Items = ListItems.ListItems

const otherAccount = "f037e56e89293a057740de681ac9abbe"

const refused = Effect.map(
  requestsTo("lists.items.create", "lists.items.update", "lists.items.delete"),
  (all) => all.filter(({ status }) => status._tag === "Some" && status.value === 429).length
)

const polls = requestsTo("lists.bulkOperations.get")

const queued = Effect.map(Metric.value(WriteMetrics.queued), ({ value }) => value)

describe("writers of one account", () => {
  it.effect("take turns in their order, and none meets a pending operation", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const addresses = Array.from({ length: 8 }, (_, n) => `192.0.2.${n}`)
      yield* passing(
        Effect.forEach(addresses, (address) => items.create(listId, ips(address)), { concurrency: "unbounded" })
      )
      const { operations } = yield* (yield* Simulator.Simulator).state
      assert.lengthOf(operations, 8)
      assert.strictEqual(yield* refused, 0)
      const bodies = (yield* requestsTo("lists.items.create")).map(({ body }) => body)
      assert.deepStrictEqual(bodies, addresses.map((ip) => JSON.stringify([{ ip }])))
      assert.deepStrictEqual(yield* held(listId), addresses)
    }).pipe(Effect.provide(inMemory())))

  it.effect("are not delayed by writers of another", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { createList, planNext } = yield* Simulator.Simulator
      const other = yield* createList({ name: "other", kind: "ip", accountId: otherAccount })
      yield* planNext({ duration: "10 minutes" })
      yield* items.create(listId, ips("192.0.2.1"))
      const second = yield* Effect.forkChild(items.create(listId, ips("192.0.2.2")))
      yield* items.create(other, ips("192.0.2.3"), { accountId: otherAccount })
      assert.isUndefined(second.pollUnsafe())
      yield* Fiber.interrupt(second)
    }).pipe(Effect.provide(inMemory())))

  it.effect("do not poll while no writer waits for a turn", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).planNext({ duration: "10 minutes" })
      yield* items.create(listId, ips("192.0.2.1"))
      yield* TestClock.adjust("5 minutes")
      assert.lengthOf(yield* polls, 0)
      const second = yield* Effect.forkChild(items.create(listId, ips("192.0.2.2")))
      yield* TestClock.adjust("20 minutes")
      yield* Fiber.join(second)
      assert.isAbove((yield* polls).length, 0)
      assert.deepStrictEqual(yield* writesSent, ["POST", "POST"])
    }).pipe(Effect.provide(inMemory())))

  it.effect("do not poll again for an end that was detected", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* passing(items.createAndWait(listId, ips("192.0.2.1")))
      const before = (yield* polls).length
      yield* items.create(listId, ips("192.0.2.2"))
      assert.lengthOf(yield* polls, before)
      yield* TestClock.adjust("1 minute")
      yield* (yield* Simulator.Simulator).planNext({ outcome: OperationPlan.failed("full") })
      yield* passing(Effect.flip(items.createAndWait(listId, ips("192.0.2.3"))))
      const afterFailure = (yield* polls).length
      yield* items.create(listId, ips("192.0.2.4"))
      assert.lengthOf(yield* polls, afterFailure)
    }).pipe(Effect.provide(inMemory())))

  it.effect("wait for the latest operation, even if the end of an earlier one is recorded late", () =>
    Effect.gen(function*() {
      const { ended, turn } = yield* WriteLane.WriteLane
      const { startOperation } = yield* Simulator.Simulator
      const start = Effect.fnUntraced(function*(duration: Duration.Input) {
        const operationId = yield* startOperation({ duration })
        yield* turn(Simulator.accountId, (turn) => turn.started(operationId))
        return operationId
      })
      const first = yield* start("1 second")
      yield* passing(start("10 minutes"), "1 minute")
      yield* ended(Simulator.accountId, first)
      const third = yield* Effect.forkChild(turn(Simulator.accountId, () => Effect.void))
      yield* TestClock.adjust("5 minutes")
      assert.isUndefined(third.pollUnsafe())
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(third)
    }).pipe(Effect.provide(Layer.provideMerge(WriteLane.layer, inMemory()))))

  it.effect("ignore the end of an operation that was not recorded", () =>
    Effect.gen(function*() {
      const { ended, turn } = yield* WriteLane.WriteLane
      const operationId = yield* (yield* Simulator.Simulator).startOperation()
      yield* ended(Simulator.accountId, operationId)
      yield* turn(Simulator.accountId, (turn) => turn.ended(operationId))
      assert.lengthOf(yield* polls, 0)
    }).pipe(Effect.provide(Layer.provideMerge(WriteLane.layer, inMemory()))))

  it.effect("continue after an operation that failed, and after a wait that failed", () => {
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => {
      const [text] = Array.isArray(message) ? message : [message]
      if (/previous operation/.test(String(text))) logged.push(text)
    })
    return Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const { planNext } = yield* Simulator.Simulator
      yield* planNext({ outcome: OperationPlan.failed("full") }, { duration: "Infinity" })
      yield* items.create(listId, ips("192.0.2.1"))
      yield* passing(items.create(listId, ips("192.0.2.2"), { patience: "1 minute" }), "1 minute")
      assert.deepStrictEqual(logged, [])
      const began = yield* Clock.currentTimeMillis
      const third = Effect.flip(items.create(listId, ips("192.0.2.3"), { patience: "1 minute" }))
      const [error, at] = yield* passing(Effect.zip(third, Clock.currentTimeMillis))
      assert.strictEqual(error._tag, "AnotherOperationPending")
      // A minute for the operation before it, and a minute of refusals.
      assert.strictEqual(at - began, 120_000)
      assert.deepStrictEqual(logged, ["The end of the previous operation was not detected; writing anyway"])
    }).pipe(
      Effect.provide(Layer.merge(inMemory(), Logger.layer([logger]))),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
  })

  it.effect("leave the queue when they are interrupted, whether behind others or behind an operation", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* (yield* Simulator.Simulator).planNext({ duration: "1 minute" })
      yield* items.create(listId, ips("192.0.2.1"))
      const [second, third, fourth] = yield* Effect.forEach(
        ["192.0.2.2", "192.0.2.3", "192.0.2.4"] as const,
        (address) => Effect.forkChild(items.create(listId, ips(address)))
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* queued, 3)
      if (second !== undefined) yield* Fiber.interrupt(second)
      if (third !== undefined) yield* Fiber.interrupt(third)
      assert.strictEqual(yield* queued, 1)
      yield* TestClock.adjust("5 minutes")
      assert.isTrue(fourth !== undefined && Exit.isSuccess(yield* Fiber.await(fourth)))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* held(listId), ["192.0.2.1", "192.0.2.4"])
      assert.strictEqual(yield* queued, 0)
    }).pipe(Effect.provide(inMemory()), Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("that fail let the next one write", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      yield* Effect.flip(items.create("2c0fc9fa937b11eaa1b71c4d701ab86e", ips("192.0.2.1")))
      yield* items.create(listId, ips("192.0.2.1"))
    }).pipe(Effect.provide(inMemory())))

  it.effect("record in metrics and spans how long they queued", () =>
    Effect.gen(function*() {
      const items = yield* Items
      const listId = yield* ipList()
      const events: Array<readonly [string, unknown]> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          const event = span.event.bind(span)
          span.event = (name, at, attributes) => {
            if (name.startsWith("write.")) events.push([name, attributes])
            event(name, at, attributes)
          }
          return span
        }
      })
      yield* TestClock.adjust("1 hour")
      yield* (yield* Simulator.Simulator).planNext({ duration: "4 seconds" })
      yield* items.create(listId, ips("192.0.2.1"))
      yield* passing(
        Effect.all([items.create(listId, ips("192.0.2.2")), items.create(listId, ips("192.0.2.3"))], {
          concurrency: 2
        }).pipe(Effect.withTracer(tracer))
      )
      const { count, max } = yield* Metric.value(WriteMetrics.queueDuration)
      const { operations } = yield* (yield* Simulator.Simulator).state
      const [first, second] = operations.map(({ operation }) => operation.id)
      assert.deepStrictEqual(events, [
        ["write.waits_for_operation", { "cloudflare.operation_id": first }],
        ["write.queued", { "write.ahead": 1 }],
        ["write.waits_for_operation", { "cloudflare.operation_id": second }],
        ["write.turn", { "write.queued_ms": max * 1000 }]
      ])
      assert.strictEqual(count, 3)
      assert.isAbove(max, 4)
      assert.isBelow(max, 60)
      assert.strictEqual(yield* queued, 0)
    }).pipe(Effect.provide(inMemory()), Effect.provideService(Metric.MetricRegistry, new Map())))
})

describe("another lane", () => {
  it.effect("can replace the one in this process", () =>
    Effect.gen(function*() {
      const turns: Array<string> = []
      const Recording = Layer.succeed(WriteLane.WriteLane, {
        turn: (accountId, use) =>
          use({
            started: (operationId) => Effect.sync(() => turns.push(`${accountId} started ${operationId}`)),
            ended: () => Effect.void
          }),
        ended: (accountId, operationId) => Effect.sync(() => turns.push(`${accountId} ended ${operationId}`))
      })
      const layer = Layer.effect(Items, ListItems.make).pipe(Layer.provide(Recording), Layer.provide(services))
      yield* Effect.gen(function*() {
        const listId = yield* ipList()
        const { id } = yield* passing((yield* Items).createAndWait(listId, ips("192.0.2.1")))
        assert.deepStrictEqual(turns, [
          `${Simulator.accountId} started ${id}`,
          `${Simulator.accountId} ended ${id}`
        ])
      }).pipe(Effect.provide(layer))
    }).pipe(Effect.provide(Simulator.layerHttpClient())))
})
