export * as DurablePoller from "./DurablePoller.ts"
export * as ShardingDefaults from "./ShardingDefaults.ts"
export * as StoreError from "./StoreError.ts"
export * as WaitStatus from "./WaitStatus.ts"
