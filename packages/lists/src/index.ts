export * as Advice from "./Advice.ts"
export * as InvalidItems from "./InvalidItems.ts"
export * as ListItem from "./ListItem.ts"
export * as SyncPlan from "./SyncPlan.ts"
