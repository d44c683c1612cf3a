import { OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Cli from "./support/Cli.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

// The command and the variables of the step, as they stand in action.yml, with these inputs in their place.
const step = (inputs: Readonly<Record<string, string>>) => {
  const text = readFileSync(join(root, "action.yml"), "utf8")
  const defaults = Object.fromEntries(
    Array.from(text.matchAll(/^ {2}([a-z-]+):\n {4}description: .*\n {4}default: (.*)$/gm), ([, name, value]) => [
      name,
      value === "\"\"" ? "" : value
    ])
  )
  const env = Object.fromEntries(
    Array.from(text.matchAll(/^ {8}([A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}$/gm), ([, variable, name = ""]) => [
      variable,
      inputs[name] ?? defaults[name] ?? ""
    ])
  )
  return { env, command: /^ {6}run: '(.*)'$/m.exec(text)?.[1] ?? "" }
}

const runStep = Effect.fnUntraced(function*(inputs: Readonly<Record<string, string>>) {
  const cwd = mkdtempSync(join(Cli.folder, "action-"))
  const { CLOUDFLARE_ACCOUNT_ID = "", CLOUDFLARE_API_TOKEN = "" } = yield* Cli.simulated
  const { command, env } = step({ "api-token": CLOUDFLARE_API_TOKEN, "account-id": CLOUDFLARE_ACCOUNT_ID, ...inputs })
  const [outputs, summary] = [join(cwd, "outputs"), join(cwd, "summary")]
  writeFileSync(join(cwd, "ips.txt"), "192.0.2.1\n192.0.2.2\n")
  const { code, stdout } = yield* Cli.shell(command, {
    cwd,
    env: {
      ...env,
      GITHUB_ACTION_PATH: root,
      GITHUB_OUTPUT: outputs,
      GITHUB_STEP_SUMMARY: summary,
      BULK_OPERATIONS_CLI: `${process.execPath} ${Cli.bin}`
    }
  })
  const told = Object.fromEntries(
    readFileSync(outputs, "utf8").trimEnd().split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2))
  )
  return { code, stdout, told, summary: readFileSync(summary, "utf8") }
})

describe("the GitHub action", () => {
  it.live("waits, and outputs how the operation ended", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation()
      const { code, summary, told } = yield* runStep({ "operation-id": id })
      assert.deepStrictEqual([code, told["status"], told["error"]], [0, "completed", ""])
      assert.match(told["completed"] ?? "", /^\d{4}-\d\d-\d\dT/)
      assert.include(summary, `| ${id} | completed | ${told["completed"]} |  |`)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("fails with the reason if the operation failed", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation({ outcome: OperationPlan.failed("100% full") })
      const { code, stdout, told } = yield* runStep({ "operation-id": id })
      assert.deepStrictEqual([code, told["status"], told["error"]], [1, "failed", "100% full"])
      assert.include(stdout, "::error title=bulk-operations wait::100%25 full")
    }).pipe(Effect.provide(Cli.layer)))

  it.live("syncs a list with a file, and refuses too many deletions", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      yield* Effect.orDie(createList({ name: "office", kind: "ip", items: [{ ip: "192.0.2.9" }] }))
      const inputs = { command: "sync", list: "office", file: "ips.txt" }
      const refused = yield* runStep({ ...inputs, "max-deletions": "10%" })
      assert.deepStrictEqual([refused.code, refused.told["status"]], [6, "refused"])
      const { code, summary, told } = yield* runStep(inputs)
      assert.deepStrictEqual([code, told["status"]], [0, "completed"])
      assert.include(summary, "2 added, 0 changed, 1 deleted, 0 unchanged")
    }).pipe(Effect.provide(Cli.layer)))

  it.live("does not run commands in an input", () =>
    Effect.gen(function*() {
      const { code, told } = yield* runStep({ "operation-id": "$(touch bad) `touch bad` ;touch" })
      assert.deepStrictEqual([code, told["status"]], [5, "error"])
    }).pipe(Effect.provide(Cli.layer)))
})
