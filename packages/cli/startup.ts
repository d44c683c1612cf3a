/**
 * How long `--help` takes, beside `node -e 0` and a program that only imports Effect: `npm run startup`.
 *
 * The three take turns, and the fastest of each counts: on a machine that does other things as well, that is the time
 * which the program itself needs.
 */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { bundle } from "./build.ts"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const programs = {
  "node -e 0": ["-e", "0"],
  "bulk-operations --help": [here("dist/bin.js"), "--help"],
  "import \"effect\"": ["--input-type=module", "-e", "import \"effect\""]
}

await bundle(here("dist"))
const fastest = new Map<string, number>()
for (let round = 0; round < 15; round++) {
  for (const [name, args] of Object.entries(programs)) {
    const start = process.hrtime.bigint()
    const { status } = spawnSync(process.execPath, args, { cwd: here("."), stdio: "ignore" })
    if (status !== 0) throw new Error(`${name} exits with ${status}`)
    const millis = Number(process.hrtime.bigint() - start) / 1e6
    // The first run fills the cache of compiled code.
    if (round > 0) fastest.set(name, Math.min(millis, fastest.get(name) ?? Infinity))
  }
}
const node = fastest.get("node -e 0") ?? 1
for (const [name, millis] of fastest) {
  process.stdout.write(
    `${name.padEnd(24)}${millis.toFixed(0).padStart(6)} ms${(millis / node).toFixed(1).padStart(6)} times\n`
  )
}
