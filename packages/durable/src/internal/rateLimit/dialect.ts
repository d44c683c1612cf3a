/**
 * What differs between PostgreSQL and SQLite, and the table that both have.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"

/** How a database says it. */
export interface Dialect {
  /** Milliseconds since 1970 by the clock of the database. */
  readonly now: Fragment
  /** The whole part of a number that is not negative. */
  readonly whole: (number: Fragment) => Fragment
}

/** The dialect of a client. */
export const of = (sql: SqlClient.SqlClient): Effect.Effect<Dialect> =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.succeed({
        // Of the moment: `now()` is when the transaction began, before it waited for its turn.
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
 * Makes the table if it is not there.
 *
 * It is asked for first: a connection that may not create tables is refused even where `IF NOT EXISTS` has nothing to do.
 * And again after a failure: of two that create it at once, PostgreSQL may fail one.
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
