/**
 * Effect's `RateLimiterStore` in a SQL database, so that processes with a shared PostgreSQL can share a request budget
 * without Redis.
 *
 * A request is one statement: an upsert that reads the row, applies the elapsed time, takes the tokens and returns the
 * result. It uses the database's clock, so the processes' clocks do not matter.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Dialect from "./internal/rateLimit/dialect.ts"
import * as Step from "./internal/rateLimit/step.ts"

/**
 * The default table.
 *
 * @example
 * import { SqlRateLimiterStore } from "@bulk-operations/durable"
 *
 * SqlRateLimiterStore.defaultTable // => "bulk_operations_rate_limits"
 */
export const defaultTable = "bulk_operations_rate_limits"

/** Options of `layer`. */
export interface Options {
  /** The name of the table, `schema.table` if need be. Default `bulk_operations_rate_limits`. */
  readonly table?: string
}

// Two requests collided, as happens in databases with a strict isolation level.
const isCollision = ({ reason }: SqlError) =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError" || reason._tag === "LockTimeoutError"

const storeError = (table: string, error: SqlError | Schema.SchemaError) => {
  const why = error._tag === "SqlError" ? error.reason._tag : "it returned no numbers"
  const message = `The rate limits in the table "${table}" could not be updated: ${why}`
  return new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message, cause: error }) })
}

const decode = Schema.decodeUnknownEffect(
  Schema.Tuple([Schema.Struct({ result: Schema.Finite, millis: Schema.Finite })])
)

const make = Effect.fnUntraced(function*({ table = defaultTable }: Options) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const dialect = yield* Dialect.of(sql)

  // A request counted within a transaction of the application would be rolled back with it, and block all other
  // processes until it ends.
  const alone = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withTracerEnabled(
      Effect.updateContext(effect, (context: Context.Context<never>) => Context.omit(sql.transactionService)(context)),
      false
    )

  yield* alone(Dialect.ensureTable(sql, table))
  const clean = Effect.ignore(alone(sql`DELETE FROM ${sql(table)} WHERE expires_at < ${dialect.now}`))
  yield* clean
  yield* Effect.forkScoped(Effect.forever(Effect.delay(clean, "1 hour")))

  const take = (algorithm: string, key: string, step: Step.Step) =>
    Step.upsert(sql, dialect, { table, algorithm, key, step }).pipe(
      Effect.retry({ while: isCollision, times: 10 }),
      Effect.flatMap(decode),
      Effect.map(([{ millis, result }]) => [result, millis] as const),
      Effect.mapError((error) => storeError(table, error)),
      alone
    )
  const memory = yield* RateLimiter.RateLimiterStore
  return RateLimiter.RateLimiterStore.of({
    fixedWindow: ({ key, limit, refillRate, tokens }) =>
      take("fixed-window", key, Step.fixedWindow(sql, { tokens, limit, interval: Duration.toMillis(refillRate) })),
    tokenBucket: ({ allowOverflow, key, limit, refillRate, tokens }) =>
      take(
        "token-bucket",
        key,
        Step.tokenBucket(sql, dialect, { tokens, limit, allowOverflow, interval: Duration.toMillis(refillRate) })
      ),
    adaptiveConsume: memory.adaptiveConsume,
    adaptiveFeedback: memory.adaptiveFeedback
  })
})

/**
 * A `RateLimiterStore` in the database of a `SqlClient`: PostgreSQL for processes on several machines, SQLite for those
 * that share a file. Another database is a defect when the layer is built.
 *
 * The table is created if it does not exist, and expired rows are deleted when the layer is built and then every hour.
 * On PostgreSQL the table is unlogged: a request does not wait for the disk, but after a crash of the database, or on a
 * replica that replaces it, the budget starts again. A connection that may not create tables can use an existing one.
 *
 * It counts outside of transactions: a request stays counted if the application's transaction is rolled back. On
 * SQLite, which has one connection, it therefore waits until the transaction has ended.
 *
 * What `adaptiveConsume` learns is not shared; each process learns for itself. `RequestBudget` does not use it.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 * import { SqlRateLimiterStore } from "@bulk-operations/durable"
 * import { PgClient } from "@effect/sql-pg"
 * import { Config, Layer } from "effect"
 * import { RateLimiter } from "effect/persistence"
 *
 * export const Shared = RequestBudget.layerStore(
 *   RateLimiter.layer.pipe(
 *     Layer.provide(SqlRateLimiterStore.layer()),
 *     Layer.provide(PgClient.layerConfig({ url: Config.Redacted("DATABASE_URL") }))
 *   )
 * )
 */
export const layer = (
  options: Options = {}
): Layer.Layer<RateLimiter.RateLimiterStore, SqlError, SqlClient.SqlClient> =>
  Layer.effect(RateLimiter.RateLimiterStore, make(options)).pipe(Layer.provide(RateLimiter.layerStoreMemory))
