import { OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

const getOperation = Effect.fnUntraced(function*(id: string) {
  const { baseUrl } = yield* Simulator.Simulator
  const request = HttpClientRequest.get(
    `${baseUrl}/accounts/${Simulator.accountId}/rules/lists/bulk_operations/${id}`
  ).pipe(HttpClientRequest.bearerToken("a-token"))
  const response = yield* HttpClient.execute(request)
  return yield* response.json
})

const answered = (result: { readonly [key: string]: string }) => ({ result, success: true, errors: [], messages: [] })

describe("an operation", () => {
  it.effect("is pending, then running, then completed, as the clock goes on", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1, 8))
      const id = yield* (yield* Simulator.Simulator).startOperation()
      assert.deepStrictEqual(yield* getOperation(id), answered({ id, status: "pending" }))
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* getOperation(id), answered({ id, status: "running" }))
      yield* TestClock.adjust("1 hour")
      const completed = "2026-01-01T08:00:03Z"
      assert.deepStrictEqual(yield* getOperation(id), answered({ id, status: "completed", completed }))
    }).pipe(Effect.provide(Simulator.layerHttpClient({ duration: "3 seconds" }))))

  it.effect("fails with the text it is planned to fail with", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).startOperation({ duration: 0 })
      const completed = "1970-01-01T00:00:00Z"
      assert.deepStrictEqual(
        yield* getOperation(id),
        answered({ id, status: "failed", completed, error: "list is full" })
      )
    }).pipe(Effect.provide(Simulator.layerHttpClient({ outcome: OperationPlan.failed("list is full") }))))
})
