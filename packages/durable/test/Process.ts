/**
 * Processes of their own that wait durably, and can be killed.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

/** A process that runs a program beside this file. It ends by itself after a minute and a half, whatever becomes of the test. */
export const run = (program: string, ...args: ReadonlyArray<string | number>) => {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--conditions=@bulk-operations/source", path, ...args.map(String)],
    { stdio: ["ignore", "pipe", "pipe"], timeout: 90_000, killSignal: "SIGKILL" }
  )
  const lines: Array<string> = []
  let errors = ""
  child.stderr.on("data", (chunk) => {
    errors += String(chunk)
  })
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line))
  return {
    lines,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended: once(child, "close").then(([code, signal]) => ({ code, signal, lines, errors }))
  }
}

export type Running = ReturnType<typeof run>

/** When the process has written a line that begins so. */
export const wrote = async ({ ended, lines }: Running, beginning: string) => {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver && !lines.some((line) => line.startsWith(beginning))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
