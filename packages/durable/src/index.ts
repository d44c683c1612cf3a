export * as ShardingDefaults from "./ShardingDefaults.ts"
