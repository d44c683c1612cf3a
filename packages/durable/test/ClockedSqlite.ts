/**
 * A SqlClient of SQLite whose clock the test sets, which the client of the package has no business to allow.
 */
import { Effect, Layer, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

const isValue = (value: unknown): value is SQLInputValue =>
  value === null || ["string", "number", "bigint"].includes(typeof value)

const connectionOf = (db: DatabaseSync): SqlConnection.Connection => {
  const run = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.try({
      try: () => {
        const statement = db.prepare(sql)
        return statement.all(...params.filter(isValue))
      },
      catch: (cause) =>
        new SqlError.SqlError({
          reason: SqlError.classifySqliteError(cause, { message: "Failed to execute statement", operation: "execute" })
        })
    })
  const values = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.map(run(sql, params), (rows) => rows.map(Object.values))
  return {
    execute: run,
    executeUnprepared: run,
    executeRaw: run,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: () => Stream.die("not needed")
  }
}

/** A database in memory. `setTime` sets its clock, in milliseconds since 1970. */
export const make = Effect.gen(function*() {
  const db = yield* Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(":memory:")),
    (db) => Effect.sync(() => db.close())
  )
  let time = 0
  db.function("julianday", { varargs: true }, () => 2440587.5 + time / 86_400_000)
  const sql = yield* SqlClient.make({
    ...SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connectionOf(db)),
      semaphore: yield* Semaphore.make(1),
      isTransaction: () => db.isTransaction
    }),
    driver: "node:sqlite",
    compiler: Statement.makeCompilerSqlite(),
    spanAttributes: []
  }).pipe(Effect.provide(Reactivity.layer))
  return {
    layer: Layer.succeed(SqlClient.SqlClient, sql),
    setTime: (millis: number) =>
      Effect.sync(() => {
        time = millis
      })
  }
})
