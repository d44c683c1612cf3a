/**
 * The PostgreSQL of these tests: whether there is one, and a schema in it that nobody else uses.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as Server from "../../../core/test/internal/budget/redisServer.ts"

export const hasPostgres = await Server.accepts(5432)

/** The title. If the tests are skipped, says so there and on stderr, so that an unused PostgreSQL is noticed. */
export const titled = (title: string, isThere = hasPostgres, missing = "no PostgreSQL on 127.0.0.1:5432") =>
  Server.titled(isThere, title, missing)

/** A client of a database, `test` by default. */
export const client = (
  { database = "test", port = 5432, settings = {} }: {
    readonly database?: string
    readonly port?: number
    readonly settings?: Readonly<Record<string, string>>
  } = {}
) =>
  PgClient.layer({
    url: Redacted.make(`postgres://postgres@127.0.0.1:${port}/${database}`),
    startupParameters: settings
  })

const run = (statement: string) =>
  SqlClient.SqlClient.use((sql) => sql.unsafe(statement)).pipe(Effect.provide(client()), Effect.orDie)

let names = 0

const own = (create: (name: string) => string, drop: (name: string) => string) =>
  Effect.suspend(() => {
    const name = `bulk_operations_${process.pid}_${Date.now()}_${names++}`
    return Effect.acquireRelease(Effect.as(run(create(name)), name), () => run(drop(name)))
  })

/** A schema of its own until the scope closes. */
export const schema = own((name) => `CREATE SCHEMA ${name}`, (name) => `DROP SCHEMA ${name} CASCADE`)

/**
 * A database of its own until the scope closes: clusters whose tables have the same names would share their shard locks
 * in one, whatever schema they are in.
 */
export const database = own((name) => `CREATE DATABASE ${name}`, (name) => `DROP DATABASE ${name} WITH (FORCE)`)
