/**
 * Processes of their own that wait durably, and can be killed.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

// Most of what a process takes to start is spared by what one that has ended well leaves here.
const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), "bulk-operations-durable-test") }

/** A process that waits. */
export const waiter = (...args: ReadonlyArray<string | number>) => run("waiter.ts", ...args)

/** A process of a program beside this file. It ends by itself after a minute and a half, whatever becomes of the test. */
export const run = (name: string, ...args: ReadonlyArray<string | number>) => {
  const program = fileURLToPath(new URL(name, import.meta.url))
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--conditions=@bulk-operations/source", program, ...args.map(String)],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...compiled }, timeout: 90_000, killSignal: "SIGKILL" }
  )
  const lines: Array<string> = []
  let errors = ""
  child.stderr.on("data", (chunk) => {
    errors += String(chunk)
  })
  const output = createInterface({ input: child.stdout })
  const ended = once(child, "close").then(([code]) => ({ code, lines, errors }))
  const opened = new Promise<void>((resolve) => {
    output.on("line", (line) => {
      lines.push(line)
      resolve()
    })
    void ended.then(() => resolve())
  })
  return { lines, opened, ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}
