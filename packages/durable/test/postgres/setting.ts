/**
 * What a runner of these tests is told.
 */
import { Schema } from "effect"

/** How long is what in the cluster, in milliseconds. */
export const Sharding = Schema.Struct({
  shardsPerGroup: Schema.Int,
  shardLockExpiration: Schema.Int,
  shardLockRefreshInterval: Schema.Int,
  refreshAssignmentsInterval: Schema.Int,
  entityMessagePollInterval: Schema.Int
})

export const Setting = Schema.Struct({
  database: Schema.String,
  /** Where its PostgreSQL is. */
  databasePort: Schema.Int,
  baseUrl: Schema.String,
  /** Where it can be reached by other runners. */
  port: Schema.Int,
  /** How far its time of day is ahead of the right one, in milliseconds. */
  clockAhead: Schema.Int,
  budget: Schema.optionalKey(
    Schema.Struct({ isShared: Schema.Boolean, limit: Schema.Int, window: Schema.Int, share: Schema.Finite })
  ),
  sharding: Sharding
})
export type Setting = typeof Setting.Type
