/**
 * A cluster of real processes on PostgreSQL, beside a simulated Cloudflare that notes who polls what and when.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { assert } from "@effect/vitest"
import { Clock, Context, DateTime, Deferred, Effect, Exit, Layer, Option, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as DurablePoller from "../../src/DurablePoller.ts"
import * as Front from "./front.ts"
import * as Polling from "./polling.ts"
import * as Postgres from "./server.ts"
import { Setting, type Sharding } from "./setting.ts"

/** Shorter than an application would have them, so that tests are. */
export const sharding: typeof Sharding.Type = {
  shardsPerGroup: 30,
  shardLockExpiration: 3000,
  shardLockRefreshInterval: 1000,
  refreshAssignmentsInterval: 500,
  entityMessagePollInterval: 1000
}

/** A poll that Cloudflare received. `at` is in milliseconds since 1970. */
export interface Poll {
  readonly id: string
  readonly at: number
  readonly by: string
}

/** A process of the cluster. */
export interface Runner {
  readonly name: string
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly exited: Effect.Effect<void>
  /** What it has logged. */
  readonly logged: () => string
}

const script = fileURLToPath(new URL("./runner.ts", import.meta.url))

const start = (setting: Setting): Effect.Effect<Runner> =>
  Effect.gen(function*() {
    const exited = yield* Deferred.make<void>()
    const argument = yield* Effect.orDie(Schema.encodeEffect(Schema.fromJsonString(Setting))(setting))
    // Ends by itself, whatever becomes of the test.
    const child = spawn(process.execPath, ["--conditions=@bulk-operations/source", script, argument], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 240_000,
      killSignal: "SIGKILL"
    })
    let text = ""
    child.stdout.on("data", (more) => {
      text += String(more)
    })
    child.once("exit", () => Deferred.doneUnsafe(exited, Exit.void))
    return {
      name: `runner-${setting.port}`,
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      exited: Deferred.await(exited),
      logged: () => text
    }
  })

const runnerOf = (setting: Setting) =>
  Effect.acquireRelease(start(setting), ({ exited, signal }) => Effect.andThen(signal("SIGKILL"), exited))

/** A cluster without a runner, until the scope closes. */
export const make = Effect.gen(function*() {
  const database = yield* Postgres.database
  const simulator = Context.get(
    yield* Layer.build(
      SimulatorServer.layer({ limits: { pendingOperations: Infinity, requests: Infinity }, keepRequests: 100_000 })
    ),
    Simulator.Simulator
  )
  const context = yield* Layer.build(
    DurablePoller.layer.pipe(
      Layer.provide(NodeClusterSocket.layer({
        storage: "sql",
        clientOnly: true,
        shardingConfig: { ...sharding, runnerAddress: Option.none() }
      })),
      Layer.provide(Polling.layer(simulator.baseUrl, "client")),
      Layer.provideMerge(Postgres.client({ database }))
    )
  )
  const sql = Context.get(context, SqlClient.SqlClient)

  const runner = Effect.fnUntraced(function*(own: Partial<Setting> = {}) {
    const { baseUrl } = simulator
    const port = yield* Front.freePort
    return yield* runnerOf({ database, databasePort: 5432, baseUrl, port, clockAhead: 0, sharding, ...own })
  })

  /** Until so many runners have all shards between them. */
  const settled = (runners: number) =>
    sql<{ readonly shards: number; readonly holders: number }>`
      SELECT count(*)::int AS shards, count(DISTINCT pid)::int AS holders FROM pg_locks
      WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    `.pipe(
      Effect.repeat({
        until: ([row]) => row?.shards === sharding.shardsPerGroup && row.holders === runners,
        schedule: Schedule.spaced("100 millis")
      }),
      Effect.timeout("45 seconds"),
      Effect.orDie
    )

  const poller = Context.get(context, DurablePoller.DurablePoller)

  // What Cloudflare was asked about these operations, in order.
  const pollsOf = (ids: ReadonlyArray<string>) =>
    Effect.map(
      simulator.requests,
      (requests) =>
        requests.flatMap(({ headers, receivedAt, url }): ReadonlyArray<Poll> => {
          const id = ids.find((id) => url.endsWith(`/bulk_operations/${id}`))
          return id === undefined
            ? []
            : [{ id, at: DateTime.toEpochMillis(receivedAt), by: headers["user-agent"] ?? "" }]
        })
    )

  // How many waits have ended so far, and how many times.
  const ended = Effect.map(
    sql<{ readonly waits: number; readonly times: number }>`
      SELECT count(DISTINCT m.request_id)::int AS waits, count(*)::int AS times
      FROM cluster_messages m JOIN cluster_replies r ON r.request_id = m.request_id AND r.kind = 0 WHERE m.tag = 'run'`,
    ([row]) => row ?? assert.fail()
  )

  /**
   * Begins operations that take so many milliseconds, and a wait for each. Gives how the waits end, how many have ended
   * since and how many times, what was polled for them, and an effect that waits until each of some runners has polled
   * for one.
   */
  const begin = Effect.fnUntraced(function*(durations: ReadonlyArray<number>, options?: DurablePoller.WaitOptions) {
    const startedAt = yield* DateTime.now
    const before = yield* ended
    const ids = yield* Effect.forEach(durations, (duration) => simulator.startOperation({ duration }))
    const results = yield* Effect.forkScoped(
      Effect.forEach(ids, (id) => Effect.result(poller.wait(id, { startedAt, ...options })), {
        concurrency: "unbounded"
      })
    )
    const polls = pollsOf(ids)
    const polledBy = (...runners: ReadonlyArray<Runner>) =>
      Effect.repeat(polls, {
        until: (polls) => runners.every(({ name }) => polls.some(({ by }) => by === name)),
        schedule: Schedule.spaced("50 millis")
      })
    const endings = Effect.map(ended, ({ times, waits }) => ({
      waits: waits - before.waits,
      times: times - before.times
    }))
    return { results, endings, polls, polledBy }
  })

  return { begin, runner, settled }
})

/** A cluster of two runners, each with a connection to PostgreSQL that can be cut, for as long as a layer lives. */
export class TwoRunners extends Context.Service<TwoRunners>()("test/TwoRunners", {
  make: Effect.gen(function*() {
    const { begin, runner, settled } = yield* make
    const ways = yield* Effect.all([Front.make(5432), Front.make(5432)])
    const both = yield* Effect.all([runner({ databasePort: ways[0].port }), runner({ databasePort: ways[1].port })])
    return { begin, ways, both, settled: settled(2) }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

/** Now, in milliseconds since 1970. */
export const now = Clock.currentTimeMillis

/** Polls of one operation, each with the time since the one before. */
export const gaps = (polls: ReadonlyArray<Poll>) =>
  Object.values(Object.groupBy(polls, ({ id }) => id)).flatMap((own = []) =>
    own.slice(1).map(({ at }, index) => at - (own[index]?.at ?? Number.NaN))
  )
