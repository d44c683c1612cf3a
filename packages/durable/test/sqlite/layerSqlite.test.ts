/**
 * Waits in a file, by processes that are killed.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Random } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stderr } from "node:process"
import { DatabaseSync } from "node:sqlite"
import { waiter } from "../Process.ts"

const simulator = SimulatorServer.layer({ limits: { pendingOperations: Infinity, requests: Infinity } })

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "durable-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const query = (filename: string, sql: string) =>
  Effect.sync(() => {
    const database = new DatabaseSync(filename)
    const rows = database.prepare(sql).all()
    database.close()
    return rows.flatMap((row) => Object.values(row))
  })

const start = (count: number, first: number, apart: number) =>
  Effect.gen(function*() {
    const { startOperation } = yield* Simulator.Simulator
    return yield* Effect.forEach(
      Array.from({ length: count }),
      (_, i) => startOperation({ duration: first + i * apart })
    )
  })

const world = Effect.gen(function*() {
  const { baseUrl } = yield* Simulator.Simulator
  const filename = join(yield* temporary, "waits.db")
  const startedAt = yield* Clock.currentTimeMillis
  return {
    filename,
    process: (ids: ReadonlyArray<string>) => waiter(filename, baseUrl, Simulator.accountId, startedAt, ...ids)
  }
})

const waits = 12
const kills = 25
// A busy machine takes so long to start a process that all kills would take minutes.
const enough = 40_000

describe("processes with one file", () => {
  it.live("that are killed at any moment neither lose nor duplicate a wait", () =>
    Effect.gen(function*() {
      const { filename, process } = yield* world
      yield* Effect.promise(() => process([]).ended)
      const began = yield* Clock.currentTimeMillis
      const ids = yield* start(waits, 2000, 3000)
      let killed = 0
      while (killed < kills && (yield* Clock.currentTimeMillis) - began < enough) {
        const victim = process(ids)
        // Some are killed while they open the file, most while they work with it.
        if (killed % 5 !== 0) yield* Effect.promise(() => victim.opened)
        yield* Effect.sleep(yield* Random.nextIntBetween(0, 400))
        victim.kill("SIGKILL")
        yield* Effect.promise(() => victim.ended)
        killed++
        assert.deepStrictEqual(yield* query(filename, "PRAGMA integrity_check"), ["ok"])
      }
      yield* Effect.sync(() => stderr.write(`killed ${killed} of ${kills} times\n`))
      assert.isAtLeast(killed, 3)
      const { code, lines } = yield* Effect.promise(() => process(ids).ended)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(lines.toSorted(), [...ids.map((id) => `${id} completed`), "open"].toSorted())
      // A run and an activity of each, and an answer to both.
      assert.deepStrictEqual(yield* query(filename, "SELECT count(*) FROM cluster_messages"), [2 * waits])
      assert.deepStrictEqual(yield* query(filename, "SELECT count(*) FROM cluster_replies"), [2 * waits])
      assert.deepStrictEqual(yield* query(filename, "PRAGMA integrity_check"), ["ok"])
    }).pipe(Effect.scoped, Effect.provide(simulator)), 120_000)

  it.live("end at SIGTERM within a few seconds, and their waits continue in the next", () =>
    Effect.gen(function*() {
      const { process } = yield* world
      const ids = yield* start(3, 10_000, 0)
      const first = process(ids)
      yield* Effect.promise(() => first.opened)
      yield* Effect.sleep("1 second")
      const asked = yield* Clock.currentTimeMillis
      first.kill("SIGTERM")
      yield* Effect.promise(() => first.ended)
      // Effect's own setting would take 15 seconds; what a busy machine adds is not in question.
      assert.isBelow((yield* Clock.currentTimeMillis) - asked, 8000)
      assert.deepStrictEqual(first.lines, ["open"])
      const { lines } = yield* Effect.promise(() => process(ids).ended)
      assert.deepStrictEqual(lines.toSorted(), [...ids.map((id) => `${id} completed`), "open"].toSorted())
    }).pipe(Effect.scoped, Effect.provide(simulator)), 60_000)

  it.live("fail at once if another has it open", () =>
    Effect.gen(function*() {
      const { process } = yield* world
      const ids = yield* start(1, 60_000, 0)
      // Both at the same moment: one opens it, and the other fails.
      const [one, other] = [process(ids), process(ids)]
      const loser = yield* Effect.promise(() => Promise.race([one.ended, other.ended]))
      assert.strictEqual(loser.code, 1)
      assert.match(loser.errors + loser.lines.join("\n"), /waits\.db: it is in use\..*database is locked/s)
      const winner = loser.lines === one.lines ? other : one
      yield* Effect.promise(() => winner.opened)
      assert.deepStrictEqual(winner.lines, ["open"])
      const late = yield* Effect.promise(() => process(ids).ended)
      assert.strictEqual(late.code, 1)
      winner.kill("SIGKILL")
    }).pipe(Effect.scoped, Effect.provide(simulator)), 60_000)
})
