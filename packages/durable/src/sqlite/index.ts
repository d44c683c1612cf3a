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
import * as Layer from "effect/Layer"
import * as DurablePoller from "../DurablePoller.ts"
import * as DurableStorage from "../DurableStorage.ts"
import * as SqliteFile from "../internal/sqliteFile.ts"
import { shardingDefaults } from "../ShardingDefaults.ts"
import type { DatabaseError } from "./DatabaseError.ts"

export * from "./DatabaseError.ts"

/** Options of the SQLite layers. */
export interface Options {
  /** The file; it is created if it does not exist. */
  readonly filename: string
}

/**
 * A cluster of one process whose store is a SQLite file, for `DurablePoller.layer`, `DurableListItems.layer`, or both.
 *
 * - The layer opens the file exclusively: a second process gets a `DatabaseError` within half a second, and no tool can
 *   read the file meanwhile. **Gotcha:** it must be on a local disk, not on a network.
 * - Each write is on the disk before it counts (WAL, `synchronous = FULL`).
 * - It uses `node:sqlite`, which Node marks as experimental. Its small client here will be removed when an
 *   `@effect/sql-sqlite-*` works with Effect 4.1; files stay readable.
 *
 * @example
 * import { DurableListItems, DurablePoller } from "@bulk-operations/durable"
 * import { layerCluster } from "@bulk-operations/durable/sqlite"
 * import { Layer } from "effect"
 *
 * const layer = Layer.mergeAll(DurablePoller.layer, DurableListItems.layer).pipe(
 *   Layer.provide(layerCluster({ filename: "durable.db" }))
 * )
 */
export const layerCluster = (
  options: Options
): Layer.Layer<Sharding.Sharding | MessageStorage.MessageStorage, DatabaseError> =>
  Sharding.layer.pipe(
    Layer.provideMerge(Runners.layerNoop),
    Layer.provideMerge(DurableStorage.layer),
    Layer.provide([RunnerStorage.layerMemory, RunnerHealth.layerNoop, Digest.layerWebCrypto]),
    Layer.provide(ShardingConfig.layer(shardingDefaults)),
    Layer.provide(Layer.effectContext(SqliteFile.open(options.filename)))
  )

/**
 * Durable waits in a file, for one process at a time: `DurablePoller.layer` over `layerCluster`, see its notes.
 *
 * All waits under way in the file resume when the layer is built.
 *
 * @example
 * import { layerSqlite } from "@bulk-operations/durable/sqlite"
 *
 * const layer = layerSqlite({ filename: "waits.db" })
 */
export const layerSqlite = (
  options: Options
): Layer.Layer<DurablePoller.DurablePoller, DatabaseError, BulkOperationPoller | BulkOperations> =>
  Layer.provide(DurablePoller.layer, layerCluster(options))
