/**
 * A `SqlClient` over `node:sqlite`, with only what the cluster's storage needs.
 *
 * No `@effect/sql-sqlite-*` loads with Effect 4.1 yet; remove this module when one does.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"

// The cluster's statements contain ids, so most occur only once.
const maxPrepared = 64

const preparing = (database: DatabaseSync) => {
  const prepared = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    for (const oldest of prepared.keys()) {
      if (prepared.size < maxPrepared) break
      prepared.delete(oldest)
    }
    prepared.set(sql, statement)
    return statement
  }
}

const inputOf = (value: unknown): SQLInputValue => {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value
    case "boolean":
      return value ? 1 : 0
  }
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return value
  throw new TypeError(`SQLite cannot store a value of type ${typeof value}`)
}

const attempt = <A>(run: () => A) =>
  Effect.try({
    try: run,
    catch: (cause) => {
      const message = `SQLite: ${cause instanceof Error ? cause.message : String(cause)}`
      const reason = SqlError.classifySqliteError(coded(cause), { message, operation: "execute" })
      return new SqlError.SqlError({ reason })
    }
  })

// Node keeps SQLite's code in a field that Effect does not read.
const coded = (cause: unknown): unknown =>
  cause instanceof Error && "errcode" in cause
    ? Object.assign(new Error(cause.message, { cause }), { code: cause.errcode })
    : cause

const connectionTo = (database: DatabaseSync): Connection => {
  const prepare = preparing(database)
  const statementFor = (sql: string) =>
    Effect.flatMap(SqlClient.SafeIntegers, (safe) =>
      attempt(() => {
        const statement = prepare(sql)
        statement.setReadBigInts(safe)
        return statement
      }))
  const rows = (sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.flatMap(statementFor(sql), (statement) => attempt(() => statement.all(...parameters.map(inputOf))))
  const values = (sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.map(rows(sql, parameters), (all) => all.map((row) => Object.values(row)))
  const execute: Connection["execute"] = (sql, parameters, transform) =>
    Effect.map(rows(sql, parameters), (all) => transform === undefined ? all : transform(all))
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: (sql, parameters) =>
      Effect.flatMap(statementFor(sql), (statement) => attempt(() => statement.run(...parameters.map(inputOf)))),
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (sql, parameters, transform) =>
      Stream.unwrap(Effect.map(execute(sql, parameters, transform), Stream.fromIterable))
  }
}

/** The client of an open database. */
export const layer = (database: DatabaseSync): Layer.Layer<SqlClient.SqlClient> =>
  Layer.effectContext(Effect.gen(function*() {
    const connection = Effect.succeed(connectionTo(database))
    const semaphore = yield* Semaphore.make(1)
    const client = yield* SqlClient.make({
      ...SqlClient.makeSqliteAcquirers({ connection, semaphore, isTransaction: () => database.isTransaction }),
      driver: "node:sqlite",
      compiler: Statement.makeCompilerSqlite(),
      beginTransaction: "BEGIN IMMEDIATE",
      spanAttributes: [["db.system.name", "sqlite"]]
    })
    return Context.make(SqlClient.SqlClient, client)
  })).pipe(Layer.provide(Reactivity.layer))
