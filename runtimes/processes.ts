/**
 * Runtimes that run a program as a process.
 */
import { execFile, execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Runtime } from "./run.ts"

const here = import.meta.dirname
const installed = (path: string) => join(here, "node_modules", path)

const run = promisify(execFile)

const onProcess = (
  name: string,
  executable: string,
  label: (version: string) => string,
  ...flags: ReadonlyArray<string>
): Runtime => ({
  name,
  version: () =>
    existsSync(executable) ? label(execFileSync(executable, ["--version"], { encoding: "utf8" })) : undefined,
  reports: async (env) => {
    const { stdout } = await run(executable, [...flags, join(here, "process.ts")], { cwd: here, env, timeout: 60_000 })
    return [JSON.parse(stdout)]
  }
})

const node = (name: string, executable: string) =>
  onProcess(name, executable, (version) => `Node.js ${version.trim().slice(1)}`)

export const runtimes: ReadonlyArray<Runtime> = [
  node("node-22", installed("node-22.19/bin/node")),
  node("node-24", process.execPath),
  node("node-26", installed("node-26/bin/node")),
  onProcess("bun", installed(".bin/bun"), (version) => `Bun ${version.trim()}`),
  onProcess(
    "deno",
    installed(".bin/deno"),
    (version) => `Deno ${/^deno (\S+)/.exec(version)?.[1]}`,
    "run",
    "--allow-net=127.0.0.1",
    "--allow-env",
    "--node-modules-dir=manual"
  )
]
