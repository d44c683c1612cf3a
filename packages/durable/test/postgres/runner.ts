/**
 * A runner of a cluster on PostgreSQL, as an application would start it: by the real clock, until it is signalled.
 *
 * Argument: a `Setting` as JSON. Writes what it logs to standard output.
 */
import { RequestBudget } from "@bulk-operations/core"
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Effect, Layer, Logger, Option, Schema } from "effect"
import { RunnerAddress, ShardingConfig, SqlRunnerStorage } from "effect/cluster"
import { Digest } from "effect/crypto"
import { RateLimiter } from "effect/persistence"
import * as DurablePoller from "../../src/DurablePoller.ts"
import * as DurableStorage from "../../src/DurableStorage.ts"
import { shardingDefaults } from "../../src/ShardingDefaults.ts"
import * as SqlRateLimiterStore from "../../src/SqlRateLimiterStore.ts"
import * as Polling from "./polling.ts"
import * as Postgres from "./server.ts"
import { Setting } from "./setting.ts"

const setting = Schema.decodeSync(Schema.fromJsonString(Setting))(process.argv[2] ?? "")

const { budget, clockAhead, database, databasePort, port } = setting
const Database = Postgres.client({ database, port: databasePort })

const Store = RateLimiter.layer.pipe(Layer.provide(SqlRateLimiterStore.layer()), Layer.provide(Database))
const Budget = budget === undefined ?
  Layer.empty
  : budget.isShared ?
  RequestBudget.layerStore(Store, { ...budget, key: "runners" })
  : RequestBudget.layer({ ...budget, key: "runners" })

const Poller = Polling.layer(setting.baseUrl, `runner-${port}`).pipe(Layer.provide(Budget))

const sharding = {
  ...shardingDefaults,
  ...setting.sharding,
  runnerAddress: Option.some(RunnerAddress.RunnerAddress.make({ host: "127.0.0.1", port }))
}
const Storage = Layer.mergeAll(DurableStorage.layer, SqlRunnerStorage.layer).pipe(
  Layer.provide([Database, Digest.layerWebCrypto, ShardingConfig.layer(sharding)])
)

const clock = Effect.runSync(Clock.clockWith(Effect.succeed))
const Wrong = Layer.succeed(Clock.Clock, {
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + clockAhead,
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (millis) => millis + clockAhead),
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(clockAhead) * 1_000_000n,
  currentTimeNanos: Effect.map(clock.currentTimeNanos, (nanos) => nanos + BigInt(clockAhead) * 1_000_000n),
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})

const Runner = DurablePoller.layer.pipe(
  Layer.provide(NodeClusterSocket.layer({ storage: "byo", shardingConfig: sharding })),
  Layer.provide(Storage),
  Layer.provide(Poller),
  Layer.provide(Logger.layer([Logger.consoleLogFmt])),
  Layer.provide(clockAhead === 0 ? Layer.empty : Wrong)
)

NodeRuntime.runMain(Layer.launch(Runner))
