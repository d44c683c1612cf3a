import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Api from "../Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))
const body = (id: string) => Effect.map(Api.call("GET", Api.operation(id)), ({ body }) => body)

describe("the limit of one pending operation per account", () => {
  it.effect("refuses a second write of the account with 429 and 10040 until the first has ended", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const other = yield* createList({ name: "allowed", kind: "ip" })
      yield* Api.write("POST", listId, [])
      for (const id of [listId, other]) {
        const { body, status } = yield* Api.call("PUT", `${Api.lists}/${id}/items`, { body: [] })
        assert.strictEqual(status, 429)
        assert.deepStrictEqual(body, Api.refusal(10040, "you have been ratelimited please wait and try again"))
      }
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Api.status("PUT", `${Api.lists}/${other}/items`, { body: [] }), 200)
    }).pipe(memory()))

  it.effect("leaves other accounts alone", () =>
    Effect.gen(function*() {
      const { createList, startOperation } = yield* Simulator.Simulator
      yield* startOperation({ accountId: Api.otherAccountId })
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      assert.strictEqual(yield* Api.status("PUT", `${Api.lists}/${listId}/items`, { body: [] }), 200)
    }).pipe(memory()))

  it.effect("if switched off, applies the operations of a list one after another", () =>
    Effect.gen(function*() {
      const { createList, planNext, state } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      yield* planNext({ duration: "10 seconds" }, { duration: "1 second" }, { duration: "1 second" })
      yield* Api.write("PUT", listId, [{ ip: "192.0.2.1" }])
      yield* Api.write("PUT", listId, [{ ip: "192.0.2.2" }])
      yield* Api.write("POST", listId, [{ ip: "192.0.2.3" }])
      const now = Effect.map(state, ({ lists: [list], operations }) => [
        operations.map(({ operation }) => operation.status),
        list?.items.map(({ ip }) => ip)
      ])
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(yield* now, [["running", "pending", "pending"], []])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* now, [["completed", "pending", "pending"], ["192.0.2.1"]])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* now, [["completed", "completed", "pending"], ["192.0.2.2"]])
      yield* TestClock.adjust("1 second")
      const all = ["completed", "completed", "completed"]
      assert.deepStrictEqual(yield* now, [all, ["192.0.2.2", "192.0.2.3"]])
    }).pipe(memory({ limits: { pendingOperations: Infinity } })))

  it.effect("fails the operation of a list that was deleted meanwhile", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const id = yield* Api.write("POST", listId, [])
      yield* Api.request("DELETE", `${Api.lists}/${listId}`)
      yield* TestClock.adjust("3 seconds")
      const completed = "1970-01-01T00:00:03Z"
      const failed = { id, status: "failed", completed, error: "list not found" }
      assert.deepStrictEqual(yield* body(id), Api.success(failed))
    }).pipe(memory()))
})
