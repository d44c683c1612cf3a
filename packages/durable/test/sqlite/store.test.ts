import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { DurablePoller, StoreError, WaitStatus } from "@bulk-operations/durable"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Fiber, Layer, Schedule } from "effect"
import * as Store from "./Store.ts"

const poller = DurablePoller.DurablePoller

const numberOf = (row: Record<string, unknown> | undefined) => Number(Object.values(row ?? {})[0])

describe("a store that is full", () => {
  it.live("ends a call that writes to it with a defect that says why", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      yield* Effect.gen(function*() {
        const { start } = yield* poller
        database.exec(`PRAGMA max_page_count = ${numberOf(database.prepare("PRAGMA page_count").get())}`)
        const exit = yield* Effect.exit(start("a".repeat(50_000)))
        assert(Exit.isFailure(exit))
        const defect = Cause.squash(exit.cause)
        assert.instanceOf(defect, StoreError.StoreError)
        assert.strictEqual(defect.message, "The store of durable waits failed: database or disk is full")
        database.exec("PRAGMA max_page_count = 1000000")
        assert.isString(yield* start("a".repeat(50_000)))
      }).pipe(Effect.provide(Store.over(database, {})))
    }))

  // What begins a wait is stored; then nothing more is, or no answer to anything.
  for (const rest of ["cluster_messages WHEN NEW.tag <> 'run'", "cluster_replies"]) {
    it.live(`keeps a wait under way until there is room (${rest})`, () =>
      Effect.gen(function*() {
        const database = yield* Store.database
        yield* Effect.gen(function*() {
          const { status, start, wait } = yield* poller
          const startedAt = yield* DateTime.now
          database.exec(`CREATE TRIGGER full BEFORE INSERT ON ${rest} BEGIN SELECT RAISE(ABORT, 'disk is full'); END`)
          const waiting = yield* Effect.forkChild(wait("op-1", { startedAt }))
          yield* Effect.sleep("2 seconds")
          const id = yield* start("op-1", { startedAt })
          assert.deepStrictEqual(yield* status(id), WaitStatus.UnderWay())
          database.exec("DROP TRIGGER full")
          assert.strictEqual((yield* Fiber.join(waiting)).status, "completed")
          assert.isTrue(WaitStatus.is("Ended")(yield* status(id)))
        }).pipe(Effect.provide(Store.over(database, { "op-1": ["completed"] })))
      }))
  }

  it.live("does not prevent its process from ending", () =>
    Effect.gen(function*() {
      const database = yield* Store.database
      yield* Effect.gen(function*() {
        const { start } = yield* poller
        database.exec("CREATE TRIGGER full BEFORE INSERT ON cluster_replies BEGIN SELECT RAISE(ABORT, 'full'); END")
        yield* start("op-1")
        yield* Effect.sleep("2 seconds")
      }).pipe(Effect.provide(Store.over(database, { "op-1": ["completed"] })))
      database.exec("DROP TRIGGER full")
      const [id] = database.prepare("SELECT entity_id AS id FROM cluster_messages").all()
      yield* Effect.gen(function*() {
        const { status } = yield* poller
        yield* Effect.repeat(status(String(id?.["id"])), {
          schedule: Schedule.spaced("100 millis"),
          until: WaitStatus.is("Ended")
        })
      }).pipe(Effect.provide(Store.over(database, { "op-1": ["completed"] })))
    }))
})

describe("forget", () => {
  it.live("also ends other calls that wait for the forgotten wait", () =>
    Effect.gen(function*() {
      const { forget, start, wait } = yield* DurablePoller.DurablePoller
      const options = { startedAt: yield* DateTime.now }
      const first = yield* Effect.forkChild(wait("op-1", options))
      yield* Effect.sleep(300)
      const second = yield* Effect.forkChild(wait("op-1", options))
      const id = yield* start("op-1", options)
      yield* Fiber.join(first)
      yield* forget(id)
      const exit = yield* Effect.exit(Effect.timeout(Fiber.join(second), "10 seconds"))
      assert.isTrue(Exit.isSuccess(exit), "the second wait does not end")
    }).pipe(
      Effect.provide(
        Layer.unwrap(
          Effect.map(Store.database, (database) =>
            Store.over(database, { "op-1": BulkOperationsTest.lasting("2 seconds") }))
        )
      )
    ))
})
