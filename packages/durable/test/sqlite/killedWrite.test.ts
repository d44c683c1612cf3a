import { Fault, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Process from "../Process.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "durable-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const begun = Effect.flatMap(
  Simulator.Simulator,
  ({ state }) => Effect.map(state, ({ operations }) => operations.length)
)

const write = Effect.gen(function*() {
  const { baseUrl, createList } = yield* Simulator.Simulator
  const filename = join(yield* temporary, "writes.db")
  const listId = yield* createList({ name: "blocked", kind: "ip", items: [{ ip: "192.0.2.9" }] })
  const run = () =>
    Process.run("sqlite/writer.ts", filename, baseUrl, Simulator.accountId, listId, "192.0.2.1", "192.0.2.2")
  return { listId, run }
})

describe("a process that is killed", () => {
  it.live(
    "after its write was accepted and before it was answered: the next process finds it in effect, and sends nothing",
    () =>
      Effect.gen(function*() {
        const { inject } = yield* Simulator.Simulator
        const { run } = yield* write
        // Carried out at once, and answered a minute later.
        yield* inject(Fault.latency("1 minute"), { on: "lists.items.update" })
        const first = run()
        yield* Effect.repeat(begun, { schedule: Schedule.spaced("20 millis"), until: (n) => n === 1 })
        first.kill("SIGKILL")
        yield* Effect.promise(() => first.ended)
        const { lines } = yield* Effect.promise(() => run().ended)
        assert.deepStrictEqual(lines, ["in effect"])
        assert.strictEqual(yield* begun, 1)
        // A third gets the same result, without a request to Cloudflare.
        const { requests } = yield* Simulator.Simulator
        const before = (yield* requests).length
        assert.deepStrictEqual((yield* Effect.promise(() => run().ended)).lines, ["in effect"])
        assert.lengthOf(yield* requests, before)
      }).pipe(Effect.scoped, Effect.provide(SimulatorServer.layer({ duration: "200 millis" }))),
    90_000
  )

  it.live("while it waits for its operation: the next process waits for the same one", () =>
    Effect.gen(function*() {
      const { complete, planNext, requests, state } = yield* Simulator.Simulator
      const { run } = yield* write
      yield* planNext({ duration: "1 hour" })
      const first = run()
      const polls = Effect.map(requests, (all) => all.filter(({ url }) => url.includes("bulk_operations")).length)
      yield* Effect.repeat(polls, { schedule: Schedule.spaced("20 millis"), until: (n) => n >= 2 })
      first.kill("SIGKILL")
      yield* Effect.promise(() => first.ended)
      const [operation] = (yield* state).operations
      assert(operation !== undefined)
      yield* complete(operation.operation.id)
      assert.deepStrictEqual((yield* Effect.promise(() => run().ended)).lines, ["completed"])
      assert.strictEqual(yield* begun, 1)
    }).pipe(Effect.scoped, Effect.provide(SimulatorServer.layer())), 90_000)
})
