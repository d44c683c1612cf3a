/**
 * A test runner for Stryker: Vitest's own loop, in the process that Stryker keeps.
 *
 * Stryker's runner for Vitest starts a worker for each mutant, which loads Effect and the package anew. Here both are
 * loaded once, and only the files of tests again for each mutant. What a killed mutant leaves behind cannot harm the
 * next one unnoticed: the test that killed it has to pass without it, or the process ends.
 */
import type { StrykerOptions } from "@stryker-mutator/api/core"
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin"
import {
  determineHitLimitReached,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult
} from "@stryker-mutator/api/test-runner"
import { globSync } from "node:fs"
import { basename, resolve } from "node:path"
import { performance } from "node:perf_hooks"
import { pathToFileURL } from "node:url"
import { type RunnerTask, type RunnerTestCase, type SerializedConfig, TestRunner as VitestRunner } from "vitest"
import { startTests } from "vitest/internal/browser"
import * as Selection from "./selection.ts"
import * as Watchdog from "./watchdog.ts"

declare module "@stryker-mutator/api/core" {
  interface StrykerOptions {
    /** A glob of the files of tests. */
    readonly tests: string
  }
}

/** What the mutated sources read: https://github.com/stryker-mutator/stryker-js, `instrument.ts` of its API. */
interface Mutation {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: { perTest: Record<string, Record<string, number>>; static: Record<string, number> }
}

declare global {
  var __stryker__: Mutation | undefined
}

// A test that waits for ever fails after these milliseconds: slow ones aside, the slowest takes a sixth of it.
const patience = 8000

// A test in which nothing at all has happened for so long waits for ever, however busy the machine is.
const mostIdleMillis = 2500

const runTask = async (test: RunnerTestCase) => {
  let before = performance.eventLoopUtilization()
  let idleMillis = 0
  let timer: NodeJS.Timeout | undefined
  const idle = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = performance.eventLoopUtilization()
      idleMillis = performance.eventLoopUtilization(now, before).utilization < 0.05 ? idleMillis + 250 : 0
      before = now
      if (idleMillis >= mostIdleMillis) reject(new Error("It waits for ever."))
    }, 250)
  })
  await Promise.race([VitestRunner.getTestFn(test)(), idle]).finally(() => clearInterval(timer))
}

// What Vitest's loop reads of its settings.
const configOf = (testTimeout: number) => ({
  root: process.cwd(),
  setupFiles: [],
  passWithNoTests: false,
  allowOnly: false,
  sequence: { seed: 0, hooks: "stack", setupFiles: "list" },
  maxConcurrency: 1,
  testTimeout,
  hookTimeout: testTimeout,
  retry: 0,
  tags: []
} as unknown as SerializedConfig)

const testsOf = (task: RunnerTask): ReadonlyArray<RunnerTestCase> =>
  task.type === "test" ? [task] : task.tasks.flatMap(testsOf)

const messageOf = (task: RunnerTask) => task.result?.errors?.map(({ message }) => message).join("\n")

/** A test is told from others by its file and by Vitest's own id. */
const idOf = (test: RunnerTestCase) => `${test.file.filepath}#${test.id}`

const isSlow = (test: RunnerTestCase) => Selection.slow.test(test.fullTestName)

const resultOf = (test: RunnerTestCase): TestResult => {
  const result = {
    id: idOf(test),
    name: test.fullTestName,
    fileName: test.file.filepath,
    // What hardly any mutant runs does not count as the usual time of one.
    timeSpentMs: isSlow(test) ? 0 : test.result?.duration ?? 0
  }
  switch (test.result?.state) {
    case "pass":
      return { ...result, status: TestStatus.Success }
    case "fail":
      return { ...result, status: TestStatus.Failed, failureMessage: messageOf(test) ?? "" }
    default:
      return { ...result, status: TestStatus.Skipped }
  }
}

interface Run {
  /** The tests to run, if not all. */
  readonly only?: ReadonlyArray<string> | undefined
  /** The mutated file, if any: its own tests go first, then what killed a mutant before, and then what is quick. */
  readonly mutated?: string
  /** Ends with the first test that fails. */
  readonly bail: boolean
  /** What to do before and after the tests of a file, other than loading it. */
  readonly around?: { readonly before: () => void; readonly after: () => void }
}

/** Tests of one file that run together. */
interface Part {
  readonly file: string
  readonly has: (test: RunnerTestCase) => boolean
  /** Milliseconds after which one that waits for ever fails. */
  readonly timeout: number
}

class InProcessRunner implements TestRunner {
  static readonly inject = tokens(commonTokens.options)

  readonly #mutation: Mutation = globalThis.__stryker__ ??= {}
  /** How long each file took the last time, or nothing if it killed a mutant. */
  readonly #cost: Map<string, number>
  readonly #unhandled: Array<string> = []
  readonly #watch = Watchdog.start()
  #imports = 0

  constructor({ tests }: StrykerOptions) {
    const files = globSync(tests).filter((file) => !Selection.leftOutFiles.some((end) => file.endsWith(end)))
    this.#cost = new Map(files.map((file) => [resolve(file), 0]))
    const record = (reason: unknown) => this.#unhandled.push(String(reason))
    // A process would outlive a run that was killed.
    process.on("disconnect", () => process.exit())
    process.on("unhandledRejection", record).on("uncaughtException", record)
  }

  capabilities() {
    return { reloadEnvironment: false }
  }

  async dryRun(): Promise<DryRunResult> {
    const { broken, tests } = await this.#run({ bail: false })
    const { mutantCoverage } = this.#mutation
    return broken === undefined
      ? { status: DryRunStatus.Complete, tests, ...(mutantCoverage && { mutantCoverage }) }
      : { status: DryRunStatus.Error, errorMessage: broken }
  }

  async mutantRun(
    { activeMutant, hitLimit, mutantActivation, testFilter }: MutantRunOptions
  ): Promise<MutantRunResult> {
    if (Watchdog.hasBlocked(activeMutant.id)) {
      return { status: MutantRunStatus.Timeout, reason: "Its thread was blocked." }
    }
    const mutation = this.#mutation
    const activate = () => {
      mutation.activeMutant = activeMutant.id
    }
    const deactivate = () => {
      mutation.activeMutant = undefined
    }
    mutation.hitCount = 0
    mutation.hitLimit = hitLimit
    this.#watch(activeMutant.id)
    const isStatic = mutantActivation === "static"
    if (isStatic) activate()
    const { broken, tests } = await this.#run({
      only: testFilter,
      mutated: activeMutant.fileName,
      bail: true,
      ...(isStatic ? {} : { around: { before: activate, after: deactivate } })
    })
    const timeout = determineHitLimitReached(mutation.hitCount, hitLimit)
    mutation.hitCount = undefined
    this.#watch(undefined)

    const killer = tests.find(({ status }) => status === TestStatus.Failed)
    if (killer !== undefined && !isStatic) await this.#control(killer)
    if (timeout !== undefined) return toMutantRunResult(timeout)
    return broken === undefined || killer !== undefined
      ? toMutantRunResult({ status: DryRunStatus.Complete, tests })
      : { status: MutantRunStatus.Error, errorMessage: broken }
  }

  // Stryker gives the mutant to a new process when this one rejects it.
  async #control({ id, name }: TestResult) {
    const { broken, tests } = await this.#run({ only: [id], bail: true })
    const failure = broken ?? tests.find(({ status }) => status === TestStatus.Failed)?.name
    if (failure !== undefined) throw new Error(`${name} fails without a mutant: an earlier one has left something.`)
  }

  async #run(run: Run) {
    const tests: Array<TestResult> = []
    for (const part of this.#parts(run)) {
      const began = performance.now()
      const ran = await this.#runFile(part, run)
      tests.push(...ran.tests)
      const failed = ran.tests.some(({ status }) => status === TestStatus.Failed)
      this.#cost.set(part.file, failed ? 0 : performance.now() - began)
      const broken = ran.broken ?? this.#unhandled.splice(0).at(0)
      if (broken !== undefined || (failed && run.bail)) return { tests, broken }
    }
    return { tests, broken: undefined }
  }

  #parts({ mutated, only }: Run): ReadonlyArray<Part> {
    const wanted = only && Map.groupBy(only, (id) => id.slice(0, id.lastIndexOf("#")))
    const isWanted = (test: RunnerTestCase) => wanted?.get(test.file.filepath)?.includes(idOf(test)) ?? true
    const isOwn = (file: string) => mutated !== undefined && file.endsWith(`/${basename(mutated, ".ts")}.test.ts`)
    const order = (file: string) => (isOwn(file) ? -1 : this.#cost.get(file) ?? 0)
    const files = [...this.#cost.keys()]
      .filter((file) => wanted?.has(file) ?? true)
      .toSorted((a, b) => order(a) - order(b))
    if (mutated === undefined) return files.map((file) => ({ file, timeout: 10 * patience, has: isWanted }))
    const quick = (test: RunnerTestCase) => isWanted(test) && !isSlow(test)
    const slow = (test: RunnerTestCase) => isWanted(test) && isSlow(test)
    return [
      ...files.map((file) => ({ file, timeout: patience, has: quick })),
      ...files.filter(isOwn).map((file) => ({ file, timeout: 10 * patience, has: slow }))
    ]
  }

  async #runFile({ file: filepath, has, timeout }: Part, { around, bail }: Run) {
    let failed = false
    const [file] = await startTests([{ filepath }], {
      config: configOf(timeout),
      pool: "forks",
      // Loaded again, a file of tests collects its tests again.
      importFile: (path) => import(`${pathToFileURL(path)}?import=${this.#imports++}`),
      onBeforeRunFiles: () => around?.before(),
      onAfterRunFiles: () => around?.after(),
      runTask,
      onBeforeRunTask: (test) => {
        if (Selection.leftOut.test(test.name) || !has(test) || (bail && failed)) test.mode = "skip"
        this.#mutation.currentTestId = idOf(test)
      },
      onAfterRunTask: (test) => {
        this.#mutation.currentTestId = undefined
        failed ||= test.result?.state === "fail"
      }
    })
    if (file === undefined) return { tests: [], broken: `${filepath} was not run.` }
    return {
      tests: testsOf(file).filter(({ mode }) => mode !== "skip").map(resultOf),
      broken: file.tasks.length === 0 ? messageOf(file) ?? "It has no tests." : undefined
    }
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "in-process", InProcessRunner)]

export const strykerValidationSchema = { properties: { tests: { type: "string" } } }
