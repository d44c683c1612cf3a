/**
 * The budget: how large this library was when it was last recorded, and what has grown since.
 *
 * Of the packages it is their own code, all of it. Of the programs it is what reaches the user, with what they use of
 * Effect, so that an import which drags in much of it is noticed too.
 *
 * `npx node benchmarks/bundle/budget.ts` records the sizes as they are.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { bundle, effect, type Size } from "./bundler.ts"

export type Sizes = Readonly<Record<string, Size>>

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const entries = [
  { what: "core", path: "../../packages/core/src/index.ts", leftOut: [effect] },
  { what: "poll", path: "../../packages/poll/src/index.ts", leftOut: [effect, /^@bulk-operations\/core/] },
  {
    what: "durable/cloudflare",
    path: "../../packages/durable/src/cloudflare/index.ts",
    leftOut: [effect, /^@bulk-operations\/(core|poll)/]
  },
  { what: "a get, Effect included", path: "programs/get/ours.ts", leftOut: [] },
  { what: "a wait, Effect included", path: "programs/wait/ours.ts", leftOut: [] },
  { what: "a wait in a Workflow, Effect included", path: "../../examples/workflow.ts", leftOut: [/^cloudflare:/] }
]

/** As it is now. */
export const measure = async (): Promise<Sizes> => {
  const sizes: Record<string, Size> = {}
  for (const { leftOut, path, what } of entries) sizes[what] = (await bundle(pathOf(path), leftOut)).size
  return sizes
}

/** As it was recorded. */
export const recorded = (): Sizes => JSON.parse(readFileSync(pathOf("budget.json"), "utf8"))

const tolerated = 0.05

/** One line for each size that has grown by more than 5 % since it was recorded. */
export const compare = (before: Sizes, now: Sizes): ReadonlyArray<string> =>
  Object.entries(now).flatMap(([name, size]) => {
    const was = before[name]
    if (was === undefined) return [`${name}: not recorded`]
    return [
      ...growth(`${name}, minified`, was.minified, size.minified),
      ...growth(`${name}, gzipped`, was.gzipped, size.gzipped)
    ]
  })

const growth = (name: string, was: number, is: number): ReadonlyArray<string> =>
  is <= was * (1 + tolerated)
    ? []
    : [`${name}: ${((is / was - 1) * 100).toFixed(1)} % larger than recorded, ${was} → ${is} bytes`]

if (import.meta.main) {
  const now = await measure()
  console.log(compare(recorded(), now).join("\n") || "Nothing has grown by more than 5 %.")
  writeFileSync(pathOf("budget.json"), `${JSON.stringify(now, null, 2)}\n`)
}
