import { Draw, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Api from "./Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))
const body = (id: string) => Effect.map(Api.call("GET", Api.operation(id)), ({ body }) => body)

describe("an operation", () => {
  it.effect("is pending, then running, then completed as time passes", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 8))
      const id = yield* (yield* Simulator.Simulator).startOperation()
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "pending" }))
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "running" }))
      yield* TestClock.adjust("1 hour")
      const completed = "2026-01-01T08:00:03Z"
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "completed", completed }))
    }).pipe(memory()))

  it.effect("fails with the planned text", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).startOperation({ duration: 0 })
      const completed = "1970-01-01T00:00:00Z"
      assert.deepStrictEqual(
        yield* body(id),
        Api.success({ id, status: "failed", completed, error: "list is full" })
      )
    }).pipe(memory({ outcome: OperationPlan.failed("list is full") })))

  it.effect("that fails without a text has no text in the state or in answers", () =>
    Effect.gen(function*() {
      const { startOperation, state } = yield* Simulator.Simulator
      const id = yield* startOperation({ duration: 0, outcome: OperationPlan.failed("") })
      const { operations: [failed] } = yield* state
      assert.deepInclude(failed?.operation, { status: "failed", error: Option.none() })
      const completed = "1970-01-01T00:00:00Z"
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "failed", completed }))
    }).pipe(memory()))

  it.effect("that never ends can be advanced by hand, step by step", () =>
    Effect.gen(function*() {
      const { begin, complete, createList, fail, state } = yield* Simulator.Simulator
      const status = Effect.map(state, ({ operations }) => operations.map(({ operation }) => operation.status))
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const first = yield* Api.write("POST", listId, [{ ip: "192.0.2.1" }])
      yield* TestClock.adjust("1000 hours")
      assert.deepStrictEqual(yield* status, ["pending"])
      yield* begin(first)
      assert.deepStrictEqual(yield* status, ["running"])
      yield* complete(first)
      assert.deepStrictEqual(yield* status, ["completed"])
      assert.strictEqual((yield* state).lists[0]?.items.length, 1)
      const second = yield* Api.write("PUT", listId, [])
      yield* fail(second, "no reason")
      assert.deepStrictEqual(yield* status, ["completed", "failed"])
      assert.strictEqual((yield* state).lists[0]?.items.length, 1)
    }).pipe(memory({ duration: "Infinity", pendingFor: "Infinity" })))

  it.effect("that is not under way cannot be advanced by hand, and the error says why", () =>
    Effect.gen(function*() {
      const { complete, createList, startOperation } = yield* Simulator.Simulator
      const refusal = (id: string) => Effect.map(Effect.flip(complete(id)), ({ message }) => message)
      assert.strictEqual(
        yield* refusal("none"),
        "Operation none cannot be advanced by hand: no operation has this id."
      )
      const ended = yield* startOperation({ duration: 0 })
      assert.strictEqual(
        yield* refusal(ended),
        `Operation ${ended} cannot be advanced by hand: it has ended already.`
      )
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      yield* Api.write("PUT", listId, [])
      const waiting = yield* Api.write("PUT", listId, [])
      assert.strictEqual(
        yield* refusal(waiting),
        `Operation ${waiting} cannot be advanced by hand: it waits behind another operation of its list, ` +
          `which comes first.`
      )
    }).pipe(memory({ duration: "Infinity", limits: { pendingOperations: 2 } })))

  it.effect("has timestamps in the configured form", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 31, 20, 0, 0, 123))
      const id = yield* (yield* Simulator.Simulator).startOperation({ duration: 0 })
      const completed = "2026-02-01T04:00:00.123999999+08:00"
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "completed", completed }))
    }).pipe(memory({ timestamps: { fractionDigits: 9, offset: "8 hours" } })))
})

const listWith = (item: string) =>
  Effect.gen(function*() {
    const { createList } = yield* Simulator.Simulator
    return yield* createList({ name: "blocked", kind: "ip", items: [{ ip: item }] })
  })

describe("items with readableAfter", () => {
  const list = Effect.gen(function*() {
    const { body } = yield* Api.call("GET", Api.lists)
    const [, count, modified] = /"num_items":(\d+).*"modified_on":"([^"]*)"/.exec(JSON.stringify(body)) ?? []
    return [Number(count), modified]
  })

  it.effect("appear only that long after their operation completed, dated at its end", () =>
    Effect.gen(function*() {
      const { state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      const id = yield* Api.write("POST", listId, [{ ip: "192.0.2.2" }])
      yield* TestClock.adjust("3 seconds")
      const completed = "1970-01-01T00:00:03Z"
      assert.deepStrictEqual(yield* body(id), Api.success({ id, status: "completed", completed }))
      yield* TestClock.adjust("1999 millis")
      assert.deepStrictEqual(yield* list, [1, "1970-01-01T00:00:00Z"])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* list, [2, completed])
      assert.deepInclude((yield* state).lists[0]?.items[1], { ip: "192.0.2.2", created_on: completed })
    }).pipe(memory({ readableAfter: "2 seconds" })))

  it.effect("delay the items of later writes", () =>
    Effect.gen(function*() {
      const { planNext, state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      yield* planNext({ readableAfter: "1 minute" }, {})
      yield* Api.write("PUT", listId, [{ ip: "192.0.2.2" }])
      yield* Api.write("POST", listId, [{ ip: "192.0.2.3" }])
      const ips = Effect.map(state, ({ lists: [list] }) => list?.items.map(({ ip }) => ip))
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual(yield* ips, ["192.0.2.1"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* ips, ["192.0.2.2", "192.0.2.3"])
      yield* Api.write("POST", listId, [{ ip: "192.0.2.4" }])
      assert.deepStrictEqual(yield* ips, ["192.0.2.2", "192.0.2.3", "192.0.2.4"])
    }).pipe(memory({ duration: 0 })))

  it.effect("may never appear, and are deleted with their list", () =>
    Effect.gen(function*() {
      const { planNext, state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      yield* planNext({ readableAfter: "Infinity" })
      yield* Api.write("PUT", listId, [])
      yield* TestClock.adjust("1000 hours")
      assert.strictEqual((yield* state).lists[0]?.items.length, 1)
      yield* Api.write("PUT", yield* (yield* Simulator.Simulator).createList({ name: "other", kind: "ip" }), [])
      yield* Api.request("DELETE", `${Api.lists}/${listId}`)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* state).lists.length, 1)
    }).pipe(memory({ duration: 0, readableAfter: "1 second" })))
})

const drawn = (seed: string) =>
  Effect.gen(function*() {
    const { startOperation, state } = yield* Simulator.Simulator
    for (let n = 0; n < 200; n++) yield* startOperation()
    yield* TestClock.adjust("1 day")
    return (yield* state).operations.map(({ operation: { status, ...rest } }) => ({
      status,
      duration: "completed" in rest ? Option.map(rest.completed, (at) => at.epochMilliseconds) : Option.none()
    }))
  }).pipe(memory({
    seed,
    duration: Draw.between("1 second", "10 seconds"),
    outcome: Draw.oneOf([3, OperationPlan.completed], [1, OperationPlan.failed("list is full")])
  }))

describe("plans", () => {
  it.effect("planNext applies to one write each, and the options to later writes", () =>
    Effect.gen(function*() {
      const { planNext, state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      yield* planNext({ outcome: OperationPlan.failed("once") }, { duration: "1 minute" })
      for (const wait of ["0 seconds", "1 minute", "0 seconds"] as const) {
        yield* Api.write("POST", listId, [])
        yield* TestClock.adjust(wait)
      }
      const ends = (yield* state).operations.map(({ operation }) => operation.status)
      assert.deepStrictEqual(ends, ["failed", "completed", "completed"])
    }).pipe(memory({ duration: 0 })))

  it.effect("a refused write uses up no plan", () =>
    Effect.gen(function*() {
      const { complete, planNext, startOperation, state } = yield* Simulator.Simulator
      const listId = yield* listWith("192.0.2.1")
      yield* planNext({ outcome: OperationPlan.failed("once") })
      const other = yield* startOperation()
      assert.strictEqual(yield* Api.status("POST", `${Api.lists}/${listId}/items`, { body: [] }), 429)
      yield* complete(other)
      yield* Api.write("POST", listId, [])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* state).operations[1]?.operation.status, "failed")
    }).pipe(memory()))

  it.effect("random plans are equal for the same seed, and differ for another", () =>
    Effect.gen(function*() {
      // The clock of the test goes on between the runs.
      const one = yield* drawn("one")
      yield* TestClock.setTime(0)
      assert.deepStrictEqual(yield* drawn("one"), one)
      yield* TestClock.setTime(0)
      assert.notDeepEqual(yield* drawn("two"), one)
      assert.approximately(one.filter(({ status }) => status === "failed").length, 50, 20)
    }))
})
