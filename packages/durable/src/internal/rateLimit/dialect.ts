/** The differences between PostgreSQL and SQLite, and the table. */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"

/** SQL fragments that differ between databases. */
export interface Dialect {
  /** Epoch milliseconds by the clock of the database. */
  readonly now: Fragment
  /** The integer part of a non-negative number. */
  readonly whole: (number: Fragment) => Fragment
}

/** The dialect of a client. */
export const of = (sql: SqlClient.SqlClient): Effect.Effect<Dialect> =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.succeed({
        // The current time: `now()` is when the transaction began, before it waited for its turn.
        now: sql`CAST(extract(epoch FROM clock_timestamp()) * 1000 AS double precision)`,
        whole: (number: Fragment) => sql`floor(${number})`
      }),
    sqlite: () =>
      Effect.succeed({
        now: sql`round((julianday('now') - 2440587.5) * 86400000.0)`,
        whole: (number: Fragment) => sql`CAST(${number} AS INTEGER)`
      }),
    orElse: () => Effect.die(new Error("SqlRateLimiterStore needs a SqlClient of PostgreSQL or SQLite"))
  })

/**
 * Creates the table if it does not exist.
 *
 * It checks for the table first, because `IF NOT EXISTS` is refused for a connection that may not create tables, even
 * if the table exists. It checks again after a failure, because of two connections that create it at once, PostgreSQL
 * may fail one.
 */
export const ensureTable = (sql: SqlClient.SqlClient, table: string) => {
  const exists = sql`SELECT 1 FROM ${sql(table)} WHERE 1 = 0`
  const unlogged = sql.onDialectOrElse({ pg: () => sql`UNLOGGED`, orElse: () => sql`` })
  const create = sql`
    CREATE ${unlogged} TABLE IF NOT EXISTS ${sql(table)} (
      algorithm TEXT NOT NULL,
      key TEXT NOT NULL,
      level DOUBLE PRECISION NOT NULL,
      millis DOUBLE PRECISION NOT NULL,
      seen_at DOUBLE PRECISION NOT NULL,
      expires_at DOUBLE PRECISION NOT NULL,
      result DOUBLE PRECISION NOT NULL,
      PRIMARY KEY (algorithm, key)
    )`
  return Effect.catch(exists, () => Effect.catch(create, (error) => Effect.mapError(exists, () => error)))
}
