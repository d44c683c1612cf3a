export * as BulkOperationsTest from "./BulkOperationsTest.ts"
