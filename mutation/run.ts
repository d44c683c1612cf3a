/**
 * `npm run mutate -- <package> [file[:line-line] …] [--static] [--force]`.
 *
 * Runs Stryker on the sources of a package and lists the mutants that survive. A run of a whole package also updates
 * docs/mutation.md. Results are kept in reports/mutation: the next run repeats only what changed in the sources and tests
 * of the package, and an interrupted run goes on. `--force` repeats everything; it is needed after a change that Stryker
 * does not notice: of another package, or of this folder.
 */
import type { LogLevel } from "@stryker-mutator/api/core"
import { Stryker } from "@stryker-mutator/core"
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { relative } from "node:path"
import * as Survivors from "./survivors.ts"

/** Of a hundred mutants of the package, how many must be killed. */
const thresholds: Readonly<Record<string, number>> = { core: 90, poll: 90, simulator: 80, lists: 90 }

const page = "docs/mutation.md"

/** The part of the stored results that is read here. */
interface Report {
  readonly files: Readonly<
    Record<string, { mutants: ReadonlyArray<{ readonly static?: boolean; readonly status: string }> }>
  >
}

const stop = (message: string): never => {
  console.error(message)
  process.exit(2)
}

const given = process.argv.slice(2)
const force = given.includes("--force")
const withStatic = given.includes("--static")
const unknown = given.find((argument) => argument.startsWith("--") && argument !== "--force" && argument !== "--static")
if (unknown !== undefined) stop(`There is no option ${unknown}; there are --static and --force.`)
const [name = "", ...files] = given.filter((argument) => !argument.startsWith("--"))
const threshold = thresholds[name]
  ?? stop(`There is no package "${name}" to mutate; there are ${Object.keys(thresholds).join(", ")}.`)

const sources = `packages/${name}/src`
const wanted = files.map((given) => {
  const [, file = "", from, to] = /^(.*?)(?::(\d+)-(\d+))?$/.exec(given) ?? []
  const path = file.startsWith("packages/") ? file : `${sources}/${file}`
  if (!existsSync(path) || !path.startsWith(`${sources}/`)) return stop(`There is no ${file} in ${sources}.`)
  return { path, from: Number(from ?? 1), to: Number(to ?? Infinity) }
})
const whole = wanted.length === 0

// A process that Stryker starts anew loads Effect faster.
process.env["NODE_COMPILE_CACHE"] ??= `${process.cwd()}/reports/mutation/compiled`

// An interrupted run leaves its copy of the repository behind.
const copies = `.stryker-tmp/${name}`
rmSync(copies, { recursive: true, force: true })

// Stryker repeats a survivor once a new test reaches it, but cannot tell which tests reach a static one, and keeps what
// broke the test runner for good.
const results = `reports/mutation/${name}.json`
if (existsSync(results)) {
  const report: Report = JSON.parse(readFileSync(results, "utf8"))
  for (const file of Object.values(report.files)) {
    file.mutants = file.mutants.filter((mutant) =>
      mutant.status !== "RuntimeError" && mutant.status !== "Ignored"
      && !(mutant.static === true && mutant.status === "Survived")
    )
  }
  writeFileSync(results, JSON.stringify(report))
}

const began = performance.now()
const mutants = await new Stryker({
  mutate: whole
    ? [`${sources}/**/*.ts`]
    : wanted.map(({ from, path, to }) => (to === Infinity ? path : `${path}:${from}-${to}`)),
  testRunner: "in-process",
  plugins: ["./mutation/runner.ts"],
  testRunnerNodeArgs: ["--conditions=@bulk-operations/source"],
  tests: `packages/${name}/test/**/*.test.ts`,
  coverageAnalysis: "perTest",
  // One more than there are processors: waits that a mutant has made endless use none.
  concurrency: availableParallelism() + 1,
  // Files of tests are loaded again for each mutant, and stay in memory.
  maxTestRunnerReuse: 200,
  // Stryker ends a loop that passes its mutant a hundred times too often, and the runner what waits for ever or blocks its
  // thread. So this is only for what nobody foresaw.
  timeoutMS: 60_000,
  timeoutFactor: 2,
  // In Stryker's copy of the repository a package finds itself, by its own name too, and so the tests find the mutants.
  // Other packages are found as they are, through the links in the one node_modules.
  ignorePatterns: ["/.stryker-tmp", "/reports", "/benchmarks", "/docs", "/examples", "dist"],
  tempDirName: copies,
  cleanTempDir: "always",
  // What would read these loads the compiler through an interface that TypeScript 7 does not have.
  tsconfigFile: "none",
  disableTypeChecks: false,
  incremental: true,
  incrementalFile: results,
  force,
  reporters: ["progress-append-only"],
  // A warning for each process that ended itself is none.
  logLevel: "error" as LogLevel,
  // Static mutants, of code that runs when its module loads, each need a new process and all tests of the package.
  ignoreStatic: !withStatic,
  warnings: { slow: false, unknownOptions: true, preprocessorErrors: true, unserializableOptions: true }
}).runMutationTest()
const minutes = ((performance.now() - began) / 60_000).toFixed(1)

// The results that are kept of other files come along.
const isWanted = ({ fileName, location: { start } }: typeof mutants[number]) =>
  existsSync(fileName)
  && (whole ||
    wanted.some(({ from, path, to }) => relative(path, fileName) === "" && from <= start.line && start.line <= to))

// A mutant with which the tests do not even run is none. More than a few say that something else is wrong.
const isTested = ({ status }: typeof mutants[number]) =>
  status === "Killed" || status === "Timeout" || status === "Survived" || status === "NoCoverage"
const isLeftOut = ({ status }: typeof mutants[number]) => status === "Ignored"
const isKilled = ({ status }: typeof mutants[number]) => status === "Killed" || status === "Timeout"
const untested = mutants.filter((mutant) => isWanted(mutant) && !isTested(mutant) && !isLeftOut(mutant))

const describe = ({ fileName, location: { end, start }, replacement }: typeof mutants[number]) => {
  const original = Survivors.between(readFileSync(fileName, "utf8"), Survivors.fromOne(start), Survivors.fromOne(end))
  return { file: relative(sources, fileName), line: start.line, mutation: Survivors.describe(original, replacement) }
}
const tested = mutants.filter((mutant) => isWanted(mutant) && isTested(mutant))
const survivors = tested.filter((mutant) => !isKilled(mutant)).map(describe)
const leftOut = mutants.filter((mutant) => isWanted(mutant) && isLeftOut(mutant)).map(describe)

const marks = new RegExp(`(<!-- ${name} -->\n)([^]*?)(<!-- /${name} -->)`)
const before = readFileSync(page, "utf8")
const known = Survivors.parse(marks.exec(before)?.[2] ?? stop(`${page} has no place for ${name}.`))
// What was left out keeps its reasons.
const { explained, unexplained: others } = Survivors.explain([...survivors, ...leftOut], known)
const unexplained = others.filter((one) => !leftOut.includes(one))

const share = (part: number, all: number) => `${(100 * part / Math.max(1, all)).toFixed(1)} %`
const killed = tested.length - survivors.length
const score = `${killed} of ${tested.length} mutants are killed (${share(killed, tested.length)})`

for (const [file, all] of Map.groupBy(tested, ({ fileName }) => relative("", fileName))) {
  console.log(`${share(all.filter(isKilled).length, all.length).padStart(7)}  ${file}`)
}
console.log("")
for (const { fileName, location: { start }, status, statusReason = "" } of untested) {
  console.log(`${relative("", fileName)}:${start.line}  ${status}, counts as none: ${statusReason.slice(0, 200)}`)
}
for (const { file, line, mutation } of unexplained) console.log(`${sources}/${file}:${line}  ${mutation}`)
if (leftOut.length > 0) {
  console.log(`\n${leftOut.length} static mutants were left out: --static runs them, each with all tests.`)
}
console.log(`\n${score} in ${minutes} min; ${unexplained.length} survive for no reason that ${page} gives.`)
if (killed * 100 < threshold * tested.length) {
  console.error(`At least ${threshold} % must be killed.`)
  process.exitCode = 1
}

if (whole) {
  const gone = known.length - explained.length
  if (gone > 0) console.log(`${gone} rows of ${page} were removed: their mutants are killed now, or are no more.`)
  writeFileSync(
    page,
    before.replace(
      marks,
      (_, open: string, _content: string, close: string) =>
        `${open}\n${score}${
          leftOut.length > 0 ? `, and ${leftOut.length} static ones were not run` : ""
        }; ${unexplained.length} survive for a reason that is not known yet.\n\n${
          Survivors.table([...explained, ...unexplained])
        }\n\n${close}`
    )
  )
  execFileSync("npx", ["dprint", "fmt", page])
}
