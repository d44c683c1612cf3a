export * as ListsTest from "./ListsTest.ts"
