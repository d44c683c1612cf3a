// `npx vitest` and editors look for this name; without it they would test what was last built.
export { default } from "./vitest.workspace.ts"
