import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import * as Documentation from "./Documentation.ts"

const root = join(import.meta.dirname, "../..")
const patterns = ["packages/*/src/**/[A-Z]*.ts", "packages/*/src/**/index.ts"]
const isPublic = (file: string) => !/\/internal\/|^packages\/cli\//.test(file)
const files = globSync(patterns, { cwd: root }).filter(isPublic).toSorted()

interface Export {
  readonly name: string
  readonly kind: string
  readonly isDocumented: boolean
}

const isValue = ({ kind }: Export) => kind !== "interface" && kind !== "type"

const declaration = /^export (?:abstract )?(const|function|class|interface|type) (\w+)/gm
const forwarding = /^export (type )?\{([^}]*)\} from "(.*)"/gm

const exportsOf = (file: string): ReadonlyArray<Export> => {
  const text = readFileSync(join(root, file), "utf8")
  const own = [...text.matchAll(declaration)].map(({ 1: kind = "", 2: name = "", index }): Export => {
    // A type that is made of the value of its name has that one's docstring.
    const isOfValue = text.includes(`export type ${name} = typeof ${name}.Type`)
    return { name, kind, isDocumented: text.slice(0, index).endsWith("*/\n") || (kind === "type" && isOfValue) }
  })
  const forwarded = [...text.matchAll(forwarding)].flatMap(([, typeOnly, names = "", from = ""]) => {
    const all = exportsOf(join(dirname(file), from))
    const there = typeOnly === undefined ? all : all.filter((each) => !isValue(each))
    return names.split(",").flatMap((name) => there.filter((other) => other.name === name.trim()))
  })
  return [...own, ...forwarded]
}

const code = Documentation.read("README.md", "docs/*.md", "packages/*/README.md", "packages/*/src/**/*.ts")
  .flatMap((block) => block.code)
  .join("\n")

// Errors are taken by their tags.
const isShown = (module: string) => ({ kind, name }: Export) =>
  new RegExp(`\\b${module}\\.${name}\\b|import \\{[^}]*\\b${name}\\b[^}]*\\} from "@bulk-operations`).test(code) ||
  (kind === "class" && new RegExp(`"${name}"|\\b${name}: `).test(code))

describe("of what the packages export", () => {
  for (const file of files) {
    it(`all of ${file} has a docstring`, () => {
      const without = exportsOf(file).filter(({ isDocumented }) => !isDocumented)
      assert.deepStrictEqual(without.map(({ name }) => name), [])
    })

    it(`every value of ${file} is in an example that the tests run`, () => {
      const shown = isShown(basename(file, ".ts"))
      const without = exportsOf(file).filter((each) => isValue(each) && !shown(each))
      assert.deepStrictEqual(without.map(({ name }) => name), [])
    })
  }
})
