/** Settings of Effect's cluster for waits, where they differ from its defaults. */
import type { ShardingConfig } from "effect/cluster/ShardingConfig"
import * as Duration from "effect/Duration"

/**
 * For `ShardingConfig.layer`, or the `shardingConfig` of a runner of `@effect/platform-node`.
 *
 * - `entityTerminationTimeout` 1 s: an interrupted wait resumes elsewhere, so there is no point in letting it finish.
 *   With Effect's 15 s a process needs that long to stop.
 * - `maxResidentEntities` unbounded: a wait stays in memory until it ends. With a bound, the waits beyond it are not
 *   polled and cannot be cancelled until others have ended.
 * - `shardLockExpiration` 10 s, refreshed every 3 s: how long after a runner was killed another takes over its waits.
 *   With Effect's 35 s it takes about half a minute.
 *
 * @example
 * import { ShardingDefaults } from "@bulk-operations/durable"
 * import { ShardingConfig } from "effect/cluster"
 *
 * const config = ShardingConfig.layer({ ...ShardingDefaults.shardingDefaults, shardsPerGroup: 100 })
 */
export const shardingDefaults = {
  entityTerminationTimeout: Duration.seconds(1),
  maxResidentEntities: "unbounded",
  shardLockExpiration: Duration.seconds(10),
  shardLockRefreshInterval: Duration.seconds(3)
} as const satisfies Partial<ShardingConfig["Service"]>
