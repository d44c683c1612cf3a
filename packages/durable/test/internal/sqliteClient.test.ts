import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { DatabaseSync } from "node:sqlite"
import * as SqliteClient from "../../src/internal/sqliteClient.ts"

const test = <A, E>(use: (sql: SqlClient.SqlClient, database: DatabaseSync) => Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const database = new DatabaseSync(":memory:")
    database.exec("CREATE TABLE t (n INTEGER PRIMARY KEY, value UNIQUE)")
    yield* SqlClient.SqlClient.use((sql) => use(sql, database)).pipe(Effect.provide(SqliteClient.layer(database)))
    database.close()
  })

describe("the client of node:sqlite", () => {
  it.effect("returns the values that it stored", () =>
    test((sql) =>
      Effect.gen(function*() {
        const given = ["text", 1.5, null, true, false, new Uint8Array([1, 2])]
        for (const [n, value] of given.entries()) yield* sql`INSERT INTO t ${sql.insert({ n, value })}`
        const rows = yield* sql<{ readonly value: unknown }>`SELECT value FROM t ORDER BY n`
        assert.deepStrictEqual(rows.map(({ value }) => value), ["text", 1.5, null, 1, 0, new Uint8Array([1, 2])])
        assert.deepStrictEqual(yield* sql`SELECT n, value FROM t WHERE n = 1`.values, [[1, 1.5]])
        assert.deepStrictEqual(
          yield* Stream.runCollect(sql`SELECT n FROM t WHERE n < 1`.stream),
          yield* sql`SELECT 0 AS n`
        )
        const big = 9007199254740993n
        yield* sql`INSERT INTO t (n) VALUES (${big})`
        const safely = sql`SELECT n FROM t WHERE n = ${big}`.pipe(
          Effect.provideService(SqlClient.SafeIntegers, true)
        )
        assert.deepStrictEqual((yield* safely).map(({ n }) => n), [big])
      })
    ))

  it.effect("refuses what SQLite cannot store, and includes the errors of SQLite", () =>
    test((sql) =>
      Effect.gen(function*() {
        const object = yield* Effect.flip(sql.unsafe("SELECT ?", [{}]))
        assert.match(object.message, /SQLite cannot store a value of type object/)
        const syntax = yield* Effect.flip(sql`SELEKT 1`)
        assert.match(syntax.message, /SQLite: near "SELEKT": syntax error/)
        yield* sql`INSERT INTO t VALUES (1, 'a')`
        const twice = yield* Effect.flip(sql`INSERT INTO t VALUES (2, 'a')`)
        assert(twice.reason._tag === "UniqueViolation")
        assert.strictEqual(twice.reason.constraint, "t.value")
      })
    ))

  it.effect("rolls back a transaction that fails, and remains usable", () =>
    test((sql) =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(sql.withTransaction(
          Effect.andThen(sql`INSERT INTO t (n) VALUES (1)`, Effect.fail("no"))
        ))
        assert.isTrue(Exit.isFailure(exit))
        yield* sql.withTransaction(sql`INSERT INTO t (n) VALUES (2)`)
        assert.deepStrictEqual((yield* sql`SELECT n FROM t`).map(({ n }) => n), [2])
      })
    ))

  it.effect("can prepare more statements than it keeps", () =>
    test((sql) =>
      Effect.gen(function*() {
        for (let n = 0; n < 200; n++) yield* sql`SELECT ${sql.literal(String(n))}`
        assert.deepStrictEqual((yield* sql`SELECT ${sql.literal("0")} AS n`).map(({ n }) => n), [0])
      })
    ))
})
