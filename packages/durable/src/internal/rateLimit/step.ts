/**
 * How a request changes its row, as SQL: the same as in Effect's store in memory.
 *
 * A row holds durations and the time at which they were measured (`seen_at`), but no times in the future. So if the
 * database's clock is set back, no request is blocked: no time has passed then, and it continues from there.
 */
import type * as SqlClient from "effect/sql/SqlClient"
import type { Fragment } from "effect/sql/Statement"
import type { Dialect } from "./dialect.ts"

/**
 * One algorithm: the initial row of a key, and the next state of a row. `next` selects the columns `level`, `millis`,
 * `seen_at`, `expires_at` and `result` from a table with `level`, `millis`, `now`, and the time `passed`.
 */
export interface Step {
  readonly initial: Fragment
  readonly next: (row: Fragment) => Fragment
}

/** How many tokens to take, of how many, and how long one takes to return, in milliseconds. */
export interface Take {
  readonly tokens: number
  readonly limit: number | undefined
  readonly interval: number
}

const numbers = (sql: SqlClient.SqlClient) => (value: number) => sql`CAST(${value} AS DOUBLE PRECISION)`

/** `level` is how many were taken in this window; `millis` is the length of the window, which grows with each. */
export const fixedWindow = (sql: SqlClient.SqlClient, { interval, limit, tokens }: Take): Step => {
  const number = numbers(sql)
  // As in Effect, a limit of zero or undefined means no limit.
  const fits = limit ? sql`level + ${number(tokens)} <= ${number(limit)}` : sql`1 = 1`
  const taken = sql`CASE WHEN ${fits} THEN ${number(tokens)} ELSE 0 END`
  return {
    initial: sql`0`,
    next: (row) => {
      const window = sql`
        SELECT CASE WHEN millis > passed THEN level ELSE 0 END AS level,
          CASE WHEN millis > passed THEN millis - passed ELSE 0 END AS millis, now
        FROM ${row} AS stored`
      return sql`
        SELECT level + ${taken} AS level, millis + ${number(interval)} * ${taken} AS millis, now AS seen_at,
          now + millis + ${number(interval)} * ${taken} AS expires_at, level + ${number(tokens)} AS result
        FROM (${window}) AS open`
    }
  }
}

/** `level` is how many tokens are left; `millis` is how long ago the last one returned. */
export const tokenBucket = (
  sql: SqlClient.SqlClient,
  { whole }: Dialect,
  { allowOverflow, interval, limit, tokens }: Take & { readonly limit: number; readonly allowOverflow: boolean }
): Step => {
  const number = numbers(sql)
  const left = sql`level - ${number(tokens)}`
  const stored = allowOverflow ? left : sql`CASE WHEN ${left} >= 0 THEN ${left} ELSE level END`
  return {
    initial: number(limit),
    next: (row) => {
      const counted = sql`
        SELECT level, millis + passed AS millis, now, ${whole(sql`(millis + passed) / ${number(interval)}`)} AS back
        FROM ${row} AS stored`
      const refilled = sql`
        SELECT CASE WHEN back > 0 AND level + back > ${number(limit)} THEN ${
        number(limit)
      } ELSE level + back END AS level,
          millis - back * ${number(interval)} AS millis, now
        FROM (${counted}) AS counted`
      const full = sql`
        SELECT level, CASE WHEN level >= ${number(limit)} THEN 0 ELSE millis END AS millis, now
        FROM (${refilled}) AS refilled`
      // One interval more than it takes until the bucket is full: the row is then not needed any more.
      return sql`
        SELECT ${stored} AS level, millis, now AS seen_at,
          now + (${number(limit)} - (${stored}) + 1) * ${number(interval)} AS expires_at, ${left} AS result
        FROM (${full}) AS full_when_idle`
    }
  }
}

/** The statement that takes one step for a key, and returns `result` and `millis`. */
export const upsert = (
  sql: SqlClient.SqlClient,
  { now }: Dialect,
  { algorithm, key, step, table }: {
    readonly table: string
    readonly algorithm: string
    readonly key: string
    readonly step: Step
  }
) => {
  // The clock is read once, after the row was locked: another process may have held the lock for a while.
  const first =
    sql`(SELECT ${step.initial} AS level, 0 AS millis, 0 AS passed, now FROM (SELECT ${now} AS now) AS clock)`
  const again = sql`
    (SELECT old.level, old.millis, CASE WHEN now > old.seen_at THEN now - old.seen_at ELSE 0 END AS passed, now
      FROM (SELECT ${now} AS now) AS clock)`
  return sql`
    INSERT INTO ${sql(table)} AS old (algorithm, key, level, millis, seen_at, expires_at, result)
    SELECT CAST(${algorithm} AS TEXT), CAST(${key} AS TEXT), level, millis, seen_at, expires_at, result
    FROM (${step.next(first)}) AS inserted WHERE 1 = 1
    ON CONFLICT (algorithm, key) DO UPDATE SET (level, millis, seen_at, expires_at, result) = (${step.next(again)})
    RETURNING result, millis`
}
