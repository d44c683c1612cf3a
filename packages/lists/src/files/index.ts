export * as ItemFile from "./ItemFile.ts"
