/**
 * Records `bulk-operations demo` in a real terminal of 88 columns, and writes the content of its screen into the README
 * and docs/cli.md: `npm run record`.
 */
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { bundle } from "./build.ts"
import * as Screen from "./test/support/Screen.ts"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const [columns, rows] = [88, 20]

await bundle(here("dist"))
const { stdout } = spawnSync("python3", [
  here("test/support/terminal.py"),
  String(columns),
  String(rows),
  "[]",
  "--",
  process.execPath,
  here("dist/bin.js"),
  "demo"
], { encoding: "utf8" })
const { output } = JSON.parse(stdout)

// Half a second after the first operation has ended, and at the end.
const frames: ReadonlyArray<string> = output.split("\u001b[?2026h")
const first = frames.findIndex((frame) => frame.includes("1 of 3 ended"))
const screen = (upTo: number) =>
  Screen.show(frames.slice(0, upTo).join("\u001b[?2026h"), columns, rows).rows.join("\n").trimEnd()

const recording = "```text\n$ npx @bulk-operations/cli demo\n" + screen(first + 5) +
  "\n```\n\nSome seconds later:\n\n```text\n" +
  screen(frames.length).split("\n").slice(3).join("\n") + "\n```"

for (const file of ["../../README.md", "../../docs/cli.md"]) {
  const text = readFileSync(here(file), "utf8")
  const marked = /(<!-- recording -->)[^]*(<!-- \/recording -->)/
  if (!marked.test(text)) throw new Error(`${file} has no place for a recording`)
  writeFileSync(
    here(file),
    text.replace(marked, (_, start: string, end: string) => `${start}\n\n${recording}\n\n${end}`)
  )
}
