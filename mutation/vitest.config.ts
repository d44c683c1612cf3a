/**
 * How the tests of one package run for each mutant: without projects, which Stryker's runner does not follow.
 */
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import workspace from "../vitest.workspace.ts"

// The first test to fail ends the run of a mutant: what failed last goes first, then what is quick.
class QuickFirst extends BaseSequencer {
  override sort(files: Array<TestSpecification>) {
    const cost = (file: TestSpecification) => {
      const last = this.ctx.cache.getTestSpecificationResult(file)
      return last === undefined || last.failed ? 0 : last.duration
    }
    return Promise.resolve(files.toSorted((a, b) => cost(a) - cost(b)))
  }
}

// A mutant in a loop without end would outlive a run that was killed.
process.on("disconnect", () => process.exit())

export default defineConfig({
  ...(workspace.ssr === undefined ? {} : { ssr: workspace.ssr }),
  root: process.cwd(),
  test: {
    include: ["**/*.test.ts"],
    exclude: [
      // A minute of everything at once.
      "**/*.soak.test.ts",
      // Processes of their own, and a bundler, load the sources as they are.
      "**/Program.test.ts",
      "**/Stopped.test.ts",
      "**/TwoProcesses.test.ts",
      "**/bundling.test.ts"
    ],
    setupFiles: ["mutation/setup.ts"],
    sequence: { sequencer: QuickFirst },
    isolate: false,
    // A wait that never ends costs this. The slowest test takes a third of a second.
    testTimeout: 3000
  }
})
