/** Updates the version in places other than `package.json`: part of `npm run version`. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { read } from "./manifest.ts"

const root = join(import.meta.dirname, "..")

/** The files, and the text before the version in them. */
export const places: ReadonlyArray<readonly [file: string, before: RegExp]> = [
  ["packages/simulator/src/bin.ts", /(?<=version: ")[^"]*/],
  ["action/run.sh", /(?<=@bulk-operations\/cli@)[^}\s]*/]
]

/** The version in a file. */
export const versionIn = (file: string, before: RegExp): string | undefined =>
  before.exec(readFileSync(join(root, file), "utf8"))?.[0]

if (import.meta.main) {
  const { version } = read(join(root, "packages/core"))
  for (const [file, before] of places) {
    const path = join(root, file)
    writeFileSync(path, readFileSync(path, "utf8").replace(before, version))
  }
}
