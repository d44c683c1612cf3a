/**
 * Lists and waits that draw on one request budget.
 */
import { RequestBudget } from "@bulk-operations/core"
import { ListItems, Lists } from "@bulk-operations/lists"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { inMemory, ipList, requestsTo } from "./World.ts"

// More polls than the budget carries: 50 a second, where about one is allowed.
const busy = Effect.gen(function*() {
  const { startOperation } = yield* Simulator.Simulator
  const ids = yield* Effect.forEach(Array.from({ length: 50 }), () => startOperation({ duration: "1 day" }))
  const waits = BulkOperationPoller.BulkOperationPoller.use((poller) =>
    poller.waitAll(ids, { schedule: PollSchedule.spaced("1 second"), timeout: "Infinity" })
  )
  yield* Effect.forkChild(waits)
  yield* TestClock.adjust("2 minutes")
})

const world = Layer.provideMerge(inMemory(), RequestBudget.layer({ limit: 600 }))

describe("with a budget that polls use up", () => {
  it.effect("calls of the application are not delayed", () =>
    Effect.gen(function*() {
      yield* busy
      const lists = yield* Lists.Lists
      const began = yield* Clock.currentTimeMillis
      const calls = Effect.forEach(Array.from({ length: 20 }), () => lists.list(), { discard: true })
      const fiber = yield* Effect.forkChild(Effect.andThen(calls, Clock.currentTimeMillis))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), began)
    }).pipe(Effect.provide(world)))

  it.effect("reading a list has one turn in ten", () =>
    Effect.gen(function*() {
      const listId = yield* ipList(...Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`))
      yield* busy
      const items = yield* ListItems.ListItems
      const before = (yield* requestsTo("lists.bulkOperations.get")).length
      const reading = yield* Effect.forkChild(Stream.runDrain(items.stream(listId, { perPage: 1 })))
      yield* TestClock.adjust("3 minutes")
      const pages = (yield* requestsTo("lists.items.list")).length
      const polls = (yield* requestsTo("lists.bulkOperations.get")).length - before
      assert.isAtLeast(pages, Math.floor((pages + polls) / 10) - 1)
      assert.isAtMost(pages, (pages + polls) / 10 + 3)
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(reading)
    }).pipe(Effect.provide(world)))
})
