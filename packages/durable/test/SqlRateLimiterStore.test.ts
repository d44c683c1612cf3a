import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Fiber, Layer, Schema, type Scope } from "effect"
import { RateLimiter } from "effect/persistence"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlError, Statement } from "effect/sql"
import { TestClock } from "effect/testing"
import * as SqlRateLimiterStore from "../src/SqlRateLimiterStore.ts"
import * as ClockedSqlite from "./ClockedSqlite.ts"
import * as Postgres from "./postgres/server.ts"

const postgres = Effect.gen(function*() {
  const schema = yield* Postgres.schema
  const setup = SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(Effect.forEach([
      sql`CREATE TABLE clock (millis double precision)`,
      sql`INSERT INTO clock VALUES (0)`,
      sql`CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT to_timestamp(millis / 1000) FROM clock'`
    ], (statement) => statement))
  )
  const context = yield* Layer.build(Postgres.client({ settings: { search_path: `${schema},pg_catalog` } }))
  yield* Effect.provide(setup, context)
  return {
    layer: Layer.succeedContext(context),
    setTime: (millis: number) =>
      Effect.provide(SqlClient.SqlClient.use((sql) => sql`UPDATE clock SET millis = ${millis}`), context)
  }
})

const one = <const A extends ReadonlyArray<number>>(...values: A) => Schema.Literals(values)

// Durations are such that sums of them are exact.
const Request = Schema.Struct({
  algorithm: Schema.Literals(["fixedWindow", "tokenBucket"]),
  key: Schema.Literals(["a", "b"]),
  tokens: one(0, 1, 2, 2.5),
  limit: one(1, 2, 5),
  isLimited: Schema.Boolean,
  interval: one(1, 2.5, 250, 1000),
  pause: one(0, 1, 100, 250, 251, 1000, 3000)
})
const Requests = Schema.Array(Request).check(Schema.isMaxLength(30))

const send = (store: RateLimiter.RateLimiterStore["Service"], request: typeof Request.Type) => {
  const { isLimited, key, limit, tokens } = request
  const refillRate = Duration.millis(request.interval)
  return request.algorithm === "fixedWindow"
    ? store.fixedWindow({ key, tokens, refillRate, limit: isLimited ? limit : undefined })
    : store.tokenBucket({ key, tokens, refillRate, limit, allowOverflow: !isLimited })
}

const memory = Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory)

const store = (options: SqlRateLimiterStore.Options = {}) =>
  Effect.map(Layer.build(SqlRateLimiterStore.layer(options)), Context.get(RateLimiter.RateLimiterStore))

const all = { concurrency: "unbounded" } as const

/** Takes tokens of a key that come back after a second each. */
const take = (key: string, tokens: number, sql: RateLimiter.RateLimiterStore["Service"]) =>
  sql.fixedWindow({ key, tokens, refillRate: Duration.seconds(1), limit: undefined })

const rowsOf = (table: string) => SqlClient.SqlClient.use((sql) => sql`SELECT key FROM ${sql(table)} ORDER BY key`)

interface Database {
  readonly layer: Layer.Layer<SqlClient.SqlClient>
  readonly setTime: (millis: number) => Effect.Effect<unknown, SqlError.SqlError>
}

const laws = <E>(open: Effect.Effect<Database, E, Scope.Scope>, runs: number) => {
  it.effect.prop("answers like Effect's store in memory", [Requests], ([requests]) =>
    Effect.gen(function*() {
      const { layer, setTime } = yield* open
      const ours = yield* Effect.provide(store(), layer)
      const theirs = yield* memory
      for (const request of requests) {
        yield* TestClock.adjust(request.pause)
        yield* setTime(yield* Clock.currentTimeMillis)
        assert.deepStrictEqual(yield* send(ours, request), yield* send(theirs, request))
      }
    }), { arbitrary: { runs } })

  it.effect("treats a database clock that is set back as one that stands still", () =>
    Effect.gen(function*() {
      const { layer, setTime } = yield* open
      const ours = yield* Effect.provide(store(), layer)
      yield* setTime(3_600_000)
      assert.deepStrictEqual(yield* take("a", 3, ours), [3, 3000])
      yield* setTime(60_000)
      assert.deepStrictEqual(yield* take("a", 1, ours), [4, 4000])
      yield* setTime(61_000)
      assert.deepStrictEqual(yield* take("a", 0, ours), [4, 3000])
    }))

  it.effect("deletes expired rows when it is built, and every hour", () =>
    Effect.gen(function*() {
      const { layer, setTime } = yield* open
      yield* Effect.provide(Effect.scoped(Effect.flatMap(store(), (ours) => take("old", 1, ours))), layer)
      yield* setTime(1001)
      const ours = yield* Effect.provide(store({ table: SqlRateLimiterStore.defaultTable }), layer)
      yield* take("brief", 1, ours)
      yield* take("long", 7200, ours)
      yield* ours.tokenBucket({
        key: "full",
        tokens: 1,
        limit: 9,
        refillRate: Duration.seconds(1),
        allowOverflow: true
      })
      const rows = Effect.map(rowsOf(SqlRateLimiterStore.defaultTable), (rows) => rows.map(({ key }) => key))
      assert.deepStrictEqual(yield* Effect.provide(rows, layer), ["brief", "full", "long"])
      yield* setTime(3_600_000)
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* Effect.provide(rows, layer), ["long"])
    }))

  it.effect("counts in the given table", () =>
    Effect.gen(function*() {
      const { layer } = yield* open
      const ours = yield* Effect.provide(store({ table: "mine" }), layer)
      yield* take("a", 1, ours)
      assert.lengthOf(yield* Effect.provide(rowsOf("mine"), layer), 1)
    }))

  it.effect("keeps what was counted within a transaction that is rolled back", () =>
    Effect.gen(function*() {
      const { layer } = yield* open
      const ours = yield* Effect.provide(store(), layer)
      // Started within, as a request of an application is counted: nobody waits for it.
      const fiber = yield* SqlClient.SqlClient.use((sql) =>
        Effect.flip(sql.withTransaction(Effect.flatMap(Effect.forkDetach(take("a", 1, ours)), Effect.fail)))
      ).pipe(Effect.provide(layer))
      assert.isTrue(Fiber.isFiber(fiber))
      if (Fiber.isFiber(fiber)) yield* Fiber.await(fiber)
      assert.strictEqual((yield* take("a", 0, ours))[0], 1)
    }))

  it.effect("learns from 429s like Effect's store in memory", () =>
    Effect.gen(function*() {
      const { layer } = yield* open
      const ours = yield* Effect.provide(store(), layer)
      yield* ours.adaptiveFeedback({ key: "a", epoch: 0, tokens: 1, status: 429, retryAfter: Duration.seconds(5) })
      const limits = { fallbackLimit: 1, fallbackWindow: Duration.seconds(1) }
      const { delay, phase } = yield* ours.adaptiveConsume({ key: "a", tokens: 1, ...limits })
      assert.deepStrictEqual([Duration.toMillis(delay), phase], [5000, "cooldown"])
    }))

  it.effect("names the table that it could not update, and why, without secrets", () =>
    Effect.gen(function*() {
      const { layer } = yield* open
      const ours = yield* Effect.provide(store(), layer)
      yield* SqlClient.SqlClient.use((sql) => sql`DROP TABLE ${sql(SqlRateLimiterStore.defaultTable)}`).pipe(
        Effect.provide(layer)
      )
      const error = yield* Effect.flip(take("a", 1, ours))
      assert.strictEqual(error.reason._tag, "RateLimitStoreError")
      assert.match(
        error.message,
        /^The rate limits in the table "bulk_operations_rate_limits" could not be updated: \w+Error$/
      )
    }))
}

describe("SqlRateLimiterStore on SQLite", () => {
  laws(ClockedSqlite.make, 200)

  it.effect("refuses a database that is neither PostgreSQL nor SQLite", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.make({
        acquirer: Effect.never,
        driver: "mssql",
        compiler: Statement.makeCompiler({
          dialect: "mssql",
          placeholder: String,
          onIdentifier: String,
          onCustom: () => ["", []],
          onRecordUpdate: () => ["", []]
        }),
        spanAttributes: []
      }).pipe(Effect.provide(Reactivity.layer))
      const exit = yield* Effect.exit(Effect.provideService(store(), SqlClient.SqlClient, sql))
      assert.match(String(exit), /needs a SqlClient of PostgreSQL or SQLite/)
    }))
})

describe.skipIf(!Postgres.hasPostgres)(`${Postgres.titled("SqlRateLimiterStore on PostgreSQL")}`, () => {
  laws(postgres, 20)

  const open = Effect.map(
    Postgres.schema,
    (schema) => (settings: Readonly<Record<string, string>> = {}) =>
      Layer.build(Postgres.client({ settings: { search_path: schema, ...settings } }))
  )

  for (const isolation of ["read committed", "repeatable read", "serializable"]) {
    it.live(`counts each of many concurrent requests, on two connections with ${isolation} transactions`, () =>
      Effect.gen(function*() {
        const client = yield* open
        const settings = { default_transaction_isolation: isolation }
        const clients = [yield* client(settings), yield* client(settings)]
        const stores = yield* Effect.forEach(clients, (one) => Effect.provide(store(), one), {
          concurrency: "unbounded"
        })
        const takes = Effect.forEach(stores, (ours) => Effect.replicateEffect(take("a", 1, ours), 25, all), all)
        const counts = (yield* takes).flat().map(([count]) => count)
        assert.deepStrictEqual(counts.toSorted((a, b) => a - b), Array.from({ length: 50 }, (_, index) => index + 1))
      }))
  }

  it.live("does not block others until a transaction ends", () =>
    Effect.gen(function*() {
      const client = yield* open
      const one = yield* client()
      const ours = yield* Effect.provide(store(), one)
      const theirs = yield* Effect.provide(store(), yield* client())
      const both = SqlClient.SqlClient.use((sql) =>
        sql.withTransaction(Effect.andThen(take("a", 1, ours), take("a", 1, theirs)))
      )
      assert.strictEqual((yield* Effect.provide(both, one))[0], 2)
    }), 5000)

  it.live("creates one table when many processes start at once", () =>
    Effect.gen(function*() {
      const client = yield* open
      const clients = yield* Effect.replicateEffect(client(), 8)
      yield* Effect.forEach(clients, (one) => Effect.provide(store(), one), all)
    }))

  it.live("counts in a table of another schema", () =>
    Effect.gen(function*() {
      const schema = yield* Postgres.schema
      const client = yield* Layer.build(Postgres.client())
      const ours = yield* Effect.provide(store({ table: `${schema}.limits` }), client)
      yield* take("a", 1, ours)
      const rows = SqlClient.SqlClient.use((sql) => sql.unsafe(`SELECT key FROM ${schema}.limits`))
      assert.lengthOf(yield* Effect.provide(rows, client), 1)
    }))

  it.live("needs no right to create tables if its table exists", () =>
    Effect.gen(function*() {
      const client = yield* open
      const reader = yield* client({ role: "pg_read_all_data" })
      const error = yield* Effect.flip(Effect.provide(store(), reader))
      assert.strictEqual(error.reason._tag, "AuthorizationError")
      yield* Effect.provide(store(), yield* client())
      yield* Effect.provide(store(), reader)
    }))
})
