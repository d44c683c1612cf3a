/**
 * Removes build output: `node packaging/clean.ts [folder…]`, by default in every package and in `benchmarks`.
 *
 * `tsc -b --clean` removes only the output of current sources; output of deleted sources would be published.
 */
import { globSync, rmSync } from "node:fs"
import { join } from "node:path"

const built = ["dist", "*.tsbuildinfo", ".stryker-tmp", "reports"]

const everywhere = () => {
  const root = join(import.meta.dirname, "..")
  return globSync(["packages/*", "benchmarks", "reference", "."], { cwd: root }).map((folder) => join(root, folder))
}

const [...given] = process.argv.slice(2)
for (const cwd of given.length === 0 ? everywhere() : given) {
  for (const path of globSync(built, { cwd })) rmSync(join(cwd, path), { recursive: true })
}
