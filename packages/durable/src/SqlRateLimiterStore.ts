/**
 * Effect's `RateLimiterStore` in a SQL database, so that processes which share a PostgreSQL need no Redis to share a
 * request budget.
 *
 * A request is one statement: an upsert that reads the row, lets time pass, takes the tokens and returns the result.
 * Time is the database's own, so that no clock of a process has a part in it.
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
 * The table where none is named.
 *
 * @example
 * import { SqlRateLimiterStore } from "@bulk-operations/durable"
 *
 * SqlRateLimiterStore.defaultTable // => "bulk_operations_rate_limits"
 */
export const defaultTable = "bulk_operations_rate_limits"

/** The settings of a store. */
export interface Options {
  /** The name of the table, `schema.table` if need be. Default `bulk_operations_rate_limits`. */
  readonly table?: string
}

// The same request that ran into another one, as databases set to a strict isolation level have it.
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

  // A request that is counted within a transaction of the application would be forgotten with it, and keep all other
  // processes from counting until it ends.
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
 * The table is made when it is not there, and rows that mean nothing any more are deleted when the layer is built and
 * then every hour. On PostgreSQL the table is not logged: a request waits for no disk, and after a crash of the database,
 * or on a replica that takes its place, the budget begins anew. A connection that may not create tables can use one that
 * is there.
 *
 * It counts outside of transactions: what is counted in one that is rolled back stays counted. On SQLite, which has one
 * connection, it therefore waits until the transaction has ended.
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
