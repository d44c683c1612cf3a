/**
 * `npm run mutate -- <package> [file[:line-line] …] [--force]`.
 *
 * Changes the sources of a package in one small way after the other, and says which changes no test notices. A run of a
 * whole package also writes what docs/mutation.md says about it. Results are kept in reports/mutation, so that the next
 * run only repeats what a change of the code or of its tests makes necessary, and an interrupted one goes on; `--force`
 * repeats everything. That is needed after a change that Stryker does not look at: another package, or this folder.
 */
import { Stryker } from "@stryker-mutator/core"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { relative } from "node:path"
import * as Survivors from "./survivors.ts"

/** Of a hundred mutants of the package, how many must be noticed. */
const thresholds: Readonly<Record<string, number>> = { core: 90, poll: 90, simulator: 80 }

const page = "docs/mutation.md"

const stop = (message: string): never => {
  console.error(message)
  process.exit(2)
}

const given = process.argv.slice(2)
const force = given.includes("--force")
const [name = "", ...files] = given.filter((argument) => argument !== "--force")
const threshold = thresholds[name]
  ?? stop(`There is no package "${name}" to mutate; there are ${Object.keys(thresholds).join(", ")}.`)

const sources = `packages/${name}/src`
const mutate = files.map((file) => {
  const path = file.startsWith("packages/") ? file : `${sources}/${file}`
  const [source = ""] = path.split(":")
  return existsSync(source) && path.startsWith(`${sources}/`) ? path : stop(`There is no ${file} in ${sources}.`)
})

// Loading Effect anew for each mutant is half of the time that it takes.
process.env["NODE_COMPILE_CACHE"] ??= `${process.cwd()}/reports/mutation/compiled`

const began = performance.now()
const mutants = await new Stryker({
  mutate: mutate.length > 0 ? mutate : [`${sources}/**/*.ts`],
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  // The tests of the package only, and of these the ones that reach the mutant: looking for related files takes longer.
  vitest: { configFile: "mutation/vitest.config.ts", dir: `packages/${name}/test`, related: false },
  coverageAnalysis: "perTest",
  concurrency: 2,
  // Interrupted waits by the thousand stay in the memory of a runner.
  maxTestRunnerReuse: 100,
  // A loop that goes round its mutant is ended by a count. Whatever else blocks gets this beyond its usual time; what only
  // waits for ever is ended by `testTimeout` of the tests before.
  timeoutMS: 2000,
  timeoutFactor: 2,
  // Links of the workspace lead to the sources as they are, not to the mutated ones: see link.ts.
  symlinkNodeModules: false,
  buildCommand: "node mutation/link.ts",
  ignorePatterns: ["/.stryker-tmp", "/benchmarks", "/docs", "/examples", "dist"],
  tempDirName: `.stryker-tmp/${name}`,
  cleanTempDir: "always",
  // What would read these loads the compiler through an interface that TypeScript 7 does not have.
  tsconfigFile: "none",
  disableTypeChecks: false,
  incremental: true,
  incrementalFile: `reports/mutation/${name}.json`,
  force,
  thresholds: { high: 100, low: threshold, break: threshold },
  reporters: ["clear-text", "progress-append-only"],
  clearTextReporter: { reportMutants: false, reportTests: false },
  // Code that runs once, when its module loads, is a third of the mutants and needs all tests: still under 2 s each.
  ignoreStatic: false,
  warnings: { slow: false, unknownOptions: true, preprocessorErrors: true, unserializableOptions: true }
}).runMutationTest()
const minutes = ((performance.now() - began) / 60_000).toFixed(1)

const detected = mutants.filter(({ status }) => status === "Killed" || status === "Timeout").length
const survivors = mutants
  .filter(({ status }) => status === "Survived" || status === "NoCoverage")
  .map(({ fileName, location: { end, start }, replacement }): Survivors.Survivor => ({
    file: relative(sources, fileName),
    line: start.line,
    mutation: Survivors.describe(
      Survivors.between(readFileSync(fileName, "utf8"), Survivors.fromOne(start), Survivors.fromOne(end)),
      replacement
    )
  }))

const marks = new RegExp(`(<!-- ${name} -->\n)([^]*?)(<!-- /${name} -->)`)
const before = readFileSync(page, "utf8")
const known = Survivors.parse(marks.exec(before)?.[2] ?? stop(`${page} has no place for ${name}.`))
const { explained, unexplained } = Survivors.explain(survivors, known)

const total = detected + survivors.length
const verdict =
  `${detected} of ${total} mutants are noticed (${(100 * detected / total).toFixed(1)} %), ${survivors.length} `
  + `survive, ${explained.length} of these for a reason that is known.`
for (const one of unexplained) console.log(`${sources}/${one.file}:${one.line}  ${one.mutation}`)
console.log(`\n${verdict} It took ${minutes} min. What a test cannot notice gets a row and its reason in ${page}.`)

if (mutate.length === 0) {
  const gone = known.length - explained.length
  if (gone > 0) console.log(`${gone} rows of ${page} were removed: their mutants are noticed now, or are no more.`)
  writeFileSync(
    page,
    before.replace(
      marks,
      (_, open: string, _content: string, close: string) =>
        `${open}\n${verdict}\n\n${Survivors.table(explained)}\n\n${close}`
    )
  )
  writeFileSync(`reports/mutation/${name}.md`, unexplained.map((one) => `${Survivors.row(one)}\n`).join(""))
  execFileSync("npx", ["dprint", "fmt", page])
}
