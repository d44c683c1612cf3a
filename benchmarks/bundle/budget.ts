/**
 * The budget: how large this library was when somebody last looked, and what has changed since.
 *
 * Of the packages it is their own code, all of it. Of the programs it is what reaches the user, with what they use of
 * Effect, so that an import which drags in much of it is noticed too.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { bundle, effect, type Size } from "./bundler.ts"

export type Sizes = Readonly<Record<string, Size>>

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const entries = [
  { what: "core", path: "../../packages/core/src/index.ts", leftOut: [effect] },
  { what: "poll", path: "../../packages/poll/src/index.ts", leftOut: [effect, /^@bulk-operations\/core/] },
  { what: "a get, Effect included", path: "programs/get/ours.ts", leftOut: [] },
  { what: "a wait, Effect included", path: "programs/wait/ours.ts", leftOut: [] }
]

/** As it is now. */
export const measure = async (): Promise<Sizes> => {
  const sizes: Record<string, Size> = {}
  for (const { leftOut, path, what } of entries) sizes[what] = (await bundle(pathOf(path), leftOut)).size
  return sizes
}

/** As it was recorded. */
export const recorded = (): Sizes => JSON.parse(readFileSync(pathOf("budget.json"), "utf8"))

export const record = (sizes: Sizes): void =>
  writeFileSync(pathOf("budget.json"), `${JSON.stringify(sizes, null, 2)}\n`)

const tolerated = 0.05

/**
 * One line for each size that is more than 5 % off what was recorded. Below counts too: what has shrunk could grow back
 * unnoticed.
 */
export const compare = (before: Sizes, now: Sizes): ReadonlyArray<string> => {
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...names].flatMap((name) => {
    const was = before[name]
    const is = now[name]
    if (was === undefined || is === undefined) {
      return [`${name}: ${was === undefined ? "not recorded" : "not measured"}`]
    }
    return [line(`${name}, minified`, was.minified, is.minified), line(`${name}, gzipped`, was.gzipped, is.gzipped)]
      .filter((line) => line !== undefined)
  })
}

const line = (name: string, was: number, is: number): string | undefined => {
  const growth = is - was
  if (Math.abs(growth) <= was * tolerated) return undefined
  const percent = (Math.abs(growth) / was * 100).toFixed(1)
  return `${name}: ${percent} % ${growth > 0 ? "larger" : "smaller"} than recorded, ${was} → ${is} bytes`
}
