import { DurablePoller, StoreError, WaitStatus } from "@bulk-operations/durable"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Result, Schedule, Schema } from "effect"
import type { DatabaseSync } from "node:sqlite"
import * as StoredWait from "../../src/internal/storedWait.ts"
import * as Store from "../sqlite/Store.ts"

/** What each release has stored. Never changed: stores have it. */
const stored = {
  "0.1.0":
    `{"wait":{"version":1,"operationId":"op-1","accountId":"account","beganAt":4000000000000,"startedAt":4000000000000,` +
    `"deadline":4000003600000,"requestCost":250,"tolerance":600000,"notFoundGrace":0}}`,
  "0.1.0, as little as possible": `{"wait":{"version":1,"operationId":"op-1","beganAt":4000000000000}}`
}

const begun = Effect.fnUntraced(function*(database: DatabaseSync, payload: string) {
  const { start } = yield* DurablePoller.DurablePoller
  const id = yield* start("op-1")
  database.prepare("UPDATE cluster_messages SET payload = ? WHERE tag = 'run'").run(payload)
  return id
})

const ended = (executionId: string) =>
  Effect.repeat(DurablePoller.DurablePoller.use(({ status }) => status(executionId)), {
    schedule: Schedule.spaced("50 millis"),
    while: WaitStatus.is("UnderWay")
  })

const inTurn = (payload: string) =>
  Effect.gen(function*() {
    const database = yield* Store.database
    const id = yield* begun(database, payload).pipe(Effect.provide(Store.over(database, { "op-1": ["running"] })))
    return yield* ended(id).pipe(Effect.provide(Store.over(database, { "op-1": ["running", "completed"] })))
  })

describe("a wait in a store", () => {
  for (const [release, payload] of Object.entries(stored)) {
    it.live(`started by release ${release} is completed by this one`, () =>
      Effect.gen(function*() {
        const status = yield* inTurn(payload)
        assert(status._tag === "Ended" && Result.isSuccess(status.result))
        assert.strictEqual(status.result.success.id, "op-1")
      }))
  }

  it.live("whose deadline has passed when a process resumes it is polled once more", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      const beganAt = (yield* Clock.currentTimeMillis) - 3_600_000
      const payload = `{"wait":{"version":1,"operationId":"op-1","beganAt":${beganAt},"deadline":${beganAt + 60_000}}}`
      const id = yield* begun(database, payload).pipe(Effect.provide(Store.over(database, { "op-1": ["running"] })))
      yield* Effect.gen(function*() {
        const status = yield* ended(id)
        assert(status._tag === "Ended" && Result.isFailure(status.result))
        const timeout = status.result.failure
        assert(timeout._tag === "PollTimeout")
        // At once, and just before it times out.
        assert.include([1, 2], timeout.polls)
        assert.match(timeout.message, /did not end within 1m \(\d polls?, last seen running\)/)
      }).pipe(Effect.provide(Store.over(database, { "op-1": ["running"] })))
    }))

  it.live("whose operation has ended succeeds even if its deadline has passed when a process resumes it", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      const beganAt = (yield* Clock.currentTimeMillis) - 3_600_000
      const payload = `{"wait":{"version":1,"operationId":"op-1","beganAt":${beganAt},"deadline":${beganAt + 60_000}}}`
      const id = yield* begun(database, payload).pipe(Effect.provide(Store.over(database, { "op-1": ["running"] })))
      const status = yield* ended(id).pipe(Effect.provide(Store.over(database, { "op-1": ["completed"] })))
      assert(status._tag === "Ended" && Result.isSuccess(status.result))
    }))

  it.live("started by a later release dies, and says why", () =>
    Effect.gen(function*() {
      const status = yield* inTurn(`{"wait":{"version":2,"operation":"op-1"}}`)
      assert(status._tag === "Died" && status.cause instanceof StoreError.StoreError)
      assert.match(
        status.cause.message,
        /cannot be read, perhaps because a later release has written it: Expected .*version/
      )
    }))

  it.effect.prop("survives being stored", [StoredWait.StoredWait], ([wait]) =>
    Effect.gen(function*() {
      const codec = Schema.toCodecJson(StoredWait.StoredWait)
      const text = JSON.stringify(yield* Schema.encodeEffect(codec)(wait))
      const read = yield* Schema.decodeUnknownEffect(codec)(JSON.parse(text))
      assert.strictEqual(JSON.stringify(yield* Schema.encodeEffect(codec)(read)), text)
      assert.strictEqual(StoredWait.keyOf(read), StoredWait.keyOf(wait))
    }))
})
