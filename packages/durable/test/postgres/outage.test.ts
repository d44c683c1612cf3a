/**
 * Waits whose request budget is counted in a store that goes, and comes back.
 */
import { Credentials, RequestBudget } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, Logger, Redacted, Schedule } from "effect"
import { RateLimiter } from "effect/persistence"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Server from "../../../core/test/internal/budget/redisServer.ts"
import * as SqlRateLimiterStore from "../../src/SqlRateLimiterStore.ts"
import * as Front from "./front.ts"
import * as Polling from "./polling.ts"
import * as Postgres from "./server.ts"

// 40 in 2 seconds, of which 32 are for polls.
const budget = { limit: 40, window: 2000, share: 0.8 }
const share = budget.limit * budget.share

const simulator = Effect.map(
  Layer.build(
    SimulatorServer.layer({ duration: "Infinity", limits: { pendingOperations: Infinity, requests: Infinity } })
  ),
  Context.get(Simulator.Simulator)
)

/** The most polls in any window, wherever it begins. */
const most = (polls: ReadonlyArray<number>) =>
  Math.max(...polls.map((at) => polls.filter((poll) => poll >= at && poll < at + budget.window).length))

const longestSilence = (polls: ReadonlyArray<number>) =>
  Math.max(...polls.slice(1).map((at, index) => at - (polls[index] ?? Number.NaN)))

/** Waits that would poll without end keep to their share, whatever happens to the store of their budget. */
const survive = Effect.fnUntraced(function*<E, R>(
  store: Layer.Layer<RateLimiter.RateLimiterStore, E, R>,
  lose: Effect.Effect<unknown>,
  find: Effect.Effect<unknown>
) {
  const { baseUrl, requests, startOperation } = yield* simulator
  const logs: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    if (String(message).includes("request budget")) logs.push(`${logLevel} ${String(message)}`)
  })
  const context = yield* Layer.build(
    Polling.layer(baseUrl, "poller").pipe(
      Layer.provideMerge(RequestBudget.layerStore(Layer.provide(RateLimiter.layer, store), budget)),
      Layer.provideMerge(Logger.layer([logger]))
    )
  )
  const isLocal = (expected: boolean) =>
    RequestBudget.left(Credentials.apiToken(Redacted.make("token")), baseUrl).pipe(
      Effect.repeat({ until: (left) => left.isLocal === expected, schedule: Schedule.spaced("50 millis") }),
      Effect.timeout("15 seconds"),
      Effect.provideContext(context)
    )
  const poller = Context.get(context, BulkOperationPoller.BulkOperationPoller)
  yield* Effect.forEach(
    Array.from({ length: 10 }),
    () =>
      Effect.flatMap(startOperation(), (id) => Effect.forkScoped(poller.wait(id, { schedule: Schedule.spaced(20) })))
  )
  yield* Effect.sleep("3 seconds")
  yield* lose
  yield* isLocal(true)
  yield* Effect.sleep("2 seconds")
  yield* find
  yield* isLocal(false)
  yield* Effect.sleep("3 seconds")
  // One line for each loss, and one for each return. A machine that has much to do may lose it once more.
  assert.match(logs.join("\n"), /^(Warn [^\n]* is gone[^\n]*\nInfo [^\n]* is back[^\n]*(\n|$))+$/)
  const polls = (yield* requests).map(({ receivedAt }) => DateTime.toEpochMillis(receivedAt))
  // Timers are late by some milliseconds on a machine that has much to do.
  assert.isAtMost(most(polls), share + 4)
  assert.isAtMost(longestSilence(polls), 2500)
})

const postgres = Effect.gen(function*() {
  const front = yield* Front.make(5432)
  const search_path = yield* Postgres.schema
  const client = Postgres.client({ port: front.port, settings: { search_path } })
  return { front, store: Layer.provide(SqlRateLimiterStore.layer(), client) }
})

/** A Redis of its own, to be killed and started again. */
const redis = Effect.gen(function*() {
  const port = yield* Front.freePort
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
  const run = () => {
    const server = spawn("redis-server", args, { stdio: "ignore", timeout: 90_000, killSignal: "SIGKILL" })
    return { server, gone: once(server, "close") }
  }
  let running = run()
  const listens = Effect.repeat(Effect.promise(() => Server.accepts(port)), {
    until: (isThere) => isThere,
    schedule: Schedule.spaced("50 millis")
  })
  const kill = Effect.promise(() => {
    running.server.kill("SIGKILL")
    return running.gone
  })
  yield* Effect.addFinalizer(() => kill)
  yield* listens
  const restart = Effect.sync(() => {
    running = run()
  })
  return { port, kill, restart: Effect.andThen(restart, listens) }
})

describe.skipIf(!Postgres.hasPostgres).concurrent(
  `${Postgres.titled("a request budget in a PostgreSQL that fails")}`,
  () => {
    it.live(
      "by breaking its connections: waits continue with one of their own until it is back",
      () =>
        Effect.gen(function*() {
          const { front, store } = yield* postgres
          yield* survive(store, front.cut, front.restore)
        }),
      90_000
    )

    it.live("by standing still: waits continue with one of their own until it is back", () =>
      Effect.gen(function*() {
        const { front, store } = yield* postgres
        yield* survive(store, front.stand, front.goOn)
      }), 90_000)
  }
)

const hasServer = spawnSync("redis-server", ["--version"]).status === 0

describe.skipIf(!hasServer)(
  `${
    Postgres.titled("a request budget in a Redis that fails", hasServer, "no redis-server is installed, to be killed")
  }`,
  () => {
    it.live(
      "by being killed: waits continue with one of their own until it is started again",
      () =>
        Effect.gen(function*() {
          const { kill, port, restart } = yield* redis
          const store = RateLimiter.layerStoreRedis({ prefix: "cloudflare:" }).pipe(
            Layer.provide(NodeRedis.layer({ url: `redis://127.0.0.1:${port}` }))
          )
          yield* survive(store, kill, restart)
        }),
      90_000
    )
  }
)
