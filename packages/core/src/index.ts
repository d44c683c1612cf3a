export * as BulkOperation from "./BulkOperation.ts"
export * as Rfc3339 from "./Rfc3339.ts"
