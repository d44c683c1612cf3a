/**
 * Durable waits in one file, for one process.
 */
import type { BulkOperations } from "@bulk-operations/core/BulkOperations"
import type { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import type * as MessageStorage from "effect/cluster/MessageStorage"
import * as RunnerHealth from "effect/cluster/RunnerHealth"
import * as Runners from "effect/cluster/Runners"
import * as RunnerStorage from "effect/cluster/RunnerStorage"
import * as Sharding from "effect/cluster/Sharding"
import * as ShardingConfig from "effect/cluster/ShardingConfig"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DurablePoller from "../DurablePoller.ts"
import * as DurableStorage from "../DurableStorage.ts"
import * as SqliteClient from "../internal/sqliteClient.ts"
import * as SqliteFile from "../internal/sqliteFile.ts"
import { shardingDefaults } from "../ShardingDefaults.ts"
import type { DatabaseError } from "./DatabaseError.ts"

export * from "./DatabaseError.ts"

export interface Options {
  /** The file, which is made if it is not there. */
  readonly filename: string
}

export const layerCluster = (
  options: Options
): Layer.Layer<Sharding.Sharding | MessageStorage.MessageStorage, DatabaseError> =>
  Sharding.layer.pipe(
    Layer.provideMerge(Runners.layerNoop),
    Layer.provideMerge(DurableStorage.layer),
    Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop, Digest.layerWebCrypto]),
    Layer.provide(ShardingConfig.layer(shardingDefaults)),
    Layer.provide(Layer.unwrap(Effect.map(SqliteFile.open(options.filename), SqliteClient.layer)))
  )

export const layerSqlite = (
  options: Options
): Layer.Layer<DurablePoller.DurablePoller, DatabaseError, BulkOperationPoller | BulkOperations> =>
  Layer.provide(DurablePoller.layer, layerCluster(options))
