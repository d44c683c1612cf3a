import { defineConfig } from "vitest/config"

// Packages resolve each other through the `@bulk-operations/source` export condition, so that tests run with nothing built.
const conditions = ["@bulk-operations/source", "module", "node", "development|production"]

const project = (name: string, root: string, options: object = {}) => ({
  extends: true as const,
  test: { name, root, include: ["test/**/*.test.ts"], ...options }
})

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Time in a test is virtual; a busy machine is no failure.
    testTimeout: 30_000,
    // Tests of real processes and stores mostly wait: others go on beside them.
    maxWorkers: "150%",
    projects: [
      project("core", "packages/core"),
      project("poll", "packages/poll"),
      project("simulator", "packages/simulator"),
      project("lists", "packages/lists"),
      project("durable", "packages/durable"),
      project("cli", "packages/cli", { globalSetup: "test/support/build.ts", testTimeout: 60_000 }),
      project("examples", "examples"),
      project("benchmarks", "benchmarks"),
      project("mutation", "mutation")
    ]
  }
})
