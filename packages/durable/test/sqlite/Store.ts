/**
 * Durable waits over a database that the test holds in its hands.
 */
import { DurablePoller, DurableStorage, ShardingDefaults } from "@bulk-operations/durable"
import { Effect, Layer } from "effect"
import { RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"
import { Digest } from "effect/crypto"
import { DatabaseSync } from "node:sqlite"
import * as SqliteClient from "../../src/internal/sqliteClient.ts"
import { scripted, type Scripts } from "../Scripted.ts"

export const database = Effect.acquireRelease(
  Effect.sync(() => new DatabaseSync(":memory:")),
  (database) => Effect.sync(() => database.close())
)

/** A cluster of one over it. */
export const cluster = (database: DatabaseSync) =>
  Sharding.layer.pipe(
    Layer.provideMerge(Runners.layerNoop),
    Layer.provideMerge(DurableStorage.layer),
    Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop, Digest.layerWebCrypto]),
    Layer.provide(ShardingConfig.layer(ShardingDefaults.shardingDefaults)),
    Layer.provide(SqliteClient.layer(database))
  )

/** Durable waits over it. */
export const over = (database: DatabaseSync, scripts: Scripts) =>
  DurablePoller.layer.pipe(Layer.provide(cluster(database)), Layer.provideMerge(scripted(scripts)))
