import { DatabaseError, layerCluster } from "@bulk-operations/durable/sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "durable-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const open = (filename: string) => Effect.scoped(Layer.build(layerCluster({ filename })))

const refusal = Effect.fnUntraced(function*(filename: string) {
  const error = yield* Effect.flip(open(filename))
  assert.instanceOf(error, DatabaseError)
  assert.include(error.message, `Durable waits cannot be kept in ${filename}`)
  return error
})

const made = (filename: string, ...statements: ReadonlyArray<string>) => {
  const database = new DatabaseSync(filename)
  for (const statement of statements) database.exec(statement)
  database.close()
}

describe("a file", () => {
  it.live("that does not exist is created, and can be opened again", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      yield* open(filename)
      yield* open(filename)
      assert.isAbove(statSync(filename).size, 0)
    }))

  it.live("that is in use is refused at once", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      yield* Layer.build(layerCluster({ filename }))
      const error = yield* refusal(filename)
      assert.strictEqual(error.reason, "Locked")
      assert.match(error.message, /One process at a time .*database is locked/)
    }))

  it.live("of another application is refused and left unchanged", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "users.db")
      made(filename, "CREATE TABLE users (name TEXT)")
      const before = readFileSync(filename)
      assert.strictEqual((yield* refusal(filename)).reason, "Foreign")
      assert.isTrue(before.equals(readFileSync(filename)))
      made(filename, "PRAGMA application_id = 7; DROP TABLE users")
      assert.strictEqual((yield* refusal(filename)).reason, "Foreign")
    }))

  it.live("of a later release is refused", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      yield* open(filename)
      made(filename, "PRAGMA user_version = 2")
      const error = yield* refusal(filename)
      assert.strictEqual(error.reason, "Newer")
      assert.match(error.message, /later release of @bulk-operations\/durable/)
    }))

  it.live("that is not a database is refused and left unchanged", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "notes.txt")
      writeFileSync(filename, "These are notes, and they are longer than the head of a database. ".repeat(10))
      assert.strictEqual((yield* refusal(filename)).reason, "NotADatabase")
      assert.match(readFileSync(filename, "utf8"), /^These are notes/)
    }))

  it.live("that is damaged is refused", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      yield* open(filename)
      const bytes = readFileSync(filename)
      writeFileSync(filename, bytes.fill(0xff, 200, 4096))
      const error = yield* refusal(filename)
      assert.strictEqual(error.reason, "NotADatabase")
      assert.match(error.message, /it is damaged.*malformed/)
    }))

  it.live("that is an empty database gets the tables of a cluster", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      made(filename, "CREATE TABLE t (n)", "DROP TABLE t")
      yield* open(filename)
    }))

  it.live("in which the tables cannot be created is refused", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      made(filename, `PRAGMA application_id = ${0x42554c4b}; CREATE TABLE cluster_messages (n)`)
      const error = yield* refusal(filename)
      assert.strictEqual(error.reason, "Unusable")
      assert.match(error.message, /SQLite: /)
    }))

  it.live("in a place that cannot be written is refused with the error of the system", () =>
    Effect.gen(function*() {
      const directory = yield* temporary
      const error = yield* refusal(join(directory, "missing", "waits.db"))
      assert.strictEqual(error.reason, "Unusable")
      assert.match(error.message, /check that the directory exists.*unable to open database file/)
      assert.strictEqual((yield* refusal(directory)).reason, "Unusable")
    }))

  // Root may write whatever it likes.
  it.live.skipIf(process.getuid?.() === 0)("that is read-only is refused", () =>
    Effect.gen(function*() {
      const filename = join(yield* temporary, "waits.db")
      yield* open(filename)
      chmodSync(filename, 0o400)
      assert.strictEqual((yield* refusal(filename)).reason, "Unusable")
    }))
})
