/** Opens a file of durable waits exclusively, and only if it is one. */
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { DatabaseSync } from "node:sqlite"
import { DatabaseError, type Reason } from "../sqlite/DatabaseError.ts"
import * as SqliteClient from "./sqliteClient.ts"

// "BULK". SQLite stores it and the version below in the header of the file.
const applicationId = 0x42554c4b
const version = 1

// Two processes that open the file at the same time need a while to detect each other.
const patienceMillis = 500

/** The client of the file with the cluster's tables, until the scope closes. */
export const open = Effect.fnUntraced(function*(filename: string) {
  const database = yield* Effect.acquireRelease(
    attempt(filename, () => new DatabaseSync(filename, { timeout: patienceMillis })),
    (database) => Effect.sync(() => database.close())
  )
  const refusal = yield* attempt(filename, () => claim(database))
  if (refusal !== undefined) return yield* new DatabaseError({ filename, reason: refusal })
  const client = yield* Layer.build(SqliteClient.layer(database))
  yield* Layer.build(SqlMessageStorage.layerMigrations({})).pipe(
    Effect.provideContext(client),
    Effect.catchDefect((defect) => Effect.fail(errorOf(filename, defect)))
  )
  return client
})

const attempt = <A>(filename: string, run: () => A) =>
  Effect.try({ try: run, catch: (cause) => errorOf(filename, cause) })

// SQLite's message is the innermost one.
const errorOf = (filename: string, cause: unknown): DatabaseError =>
  Predicate.hasProperty(cause, "cause") && cause.cause !== undefined
    ? errorOf(filename, cause.cause)
    : new DatabaseError({ filename, reason: reasonOf(cause), cause })

const reasons: Readonly<Record<number, Reason>> = {
  5: "Locked",
  6: "Locked",
  11: "NotADatabase",
  13: "Full",
  26: "NotADatabase"
}

const reasonOf = (cause: unknown): Reason =>
  Predicate.hasProperty(cause, "errcode") && typeof cause.errcode === "number"
    ? reasons[cause.errcode & 0xff] ?? "Unusable"
    : "Unusable"

// Locks the file for this process, and marks a new one. Any other file is not changed.
const claim = (database: DatabaseSync): Reason | undefined => {
  database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
  const refusal = refusalOf(database)
  if (refusal !== undefined) {
    database.exec("ROLLBACK")
    return refusal
  }
  database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`)
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT")
  return undefined
}

const refusalOf = (database: DatabaseSync): Reason | undefined => {
  const owner = numberOf(database, "SELECT application_id AS n FROM pragma_application_id")
  if (owner === applicationId) {
    return numberOf(database, "SELECT user_version AS n FROM pragma_user_version") > version ? "Newer" : undefined
  }
  return owner === 0 && numberOf(database, "SELECT count(*) AS n FROM sqlite_schema") === 0 ? undefined : "Foreign"
}

const numberOf = (database: DatabaseSync, sql: string): number => Number(database.prepare(sql).get()?.["n"])
