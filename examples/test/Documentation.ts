/**
 * The code in the documentation as programs: each `@example` of a docstring, each `ts` block of a page.
 *
 * A block is a whole module. `expression // => value` in it is a claim: both are evaluated and have to be equal. The
 * arrow stands behind the last line of a statement, or on the line below. Blocks marked `ts nocheck` (they need a
 * network, or never end) are type-checked and not run.
 */
import * as Equal from "effect/Equal"
import { deepStrictEqual } from "node:assert/strict"
import { execFile } from "node:child_process"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { pathToFileURL } from "node:url"

const root = join(import.meta.dirname, "../..")

export interface Block {
  readonly file: string
  /** Of the tag or fence that opens the block. */
  readonly line: number
  readonly code: ReadonlyArray<string>
  readonly runs: boolean
}

const fenced = { begin: /^\s*```ts(?:\s+(.*))?$/, end: /^\s*```\s*$/, margin: /^/ }
const tagged = { begin: /^\s*\* @example\b/, end: /^\s*\*(?:\/| @)/, margin: /^\s*\* ?/ }

export const blocksIn = (file: string, text: string): ReadonlyArray<Block> => {
  const { begin, end, margin } = file.endsWith(".md") ? fenced : tagged
  const lines = text.split("\n")
  return lines.flatMap((line, at) => {
    const opening = begin.exec(line)
    if (opening === null) return []
    const rest = lines.slice(at + 1)
    const code = rest.slice(0, rest.findIndex((line) => end.test(line))).map((line) => line.replace(margin, ""))
    return { file, line: at + 1, code, runs: opening[1] !== "nocheck" }
  })
}

export const read = (...patterns: ReadonlyArray<string>): ReadonlyArray<Block> =>
  globSync(patterns, { cwd: root }).toSorted().flatMap((file) => blocksIn(file, readFileSync(join(root, file), "utf8")))

const arrow = /^(.*?)\s*\/\/\s*=>(.*)$/
const continuation = /^\s*(?:[)\]}.?:|&]|\/\/|$)/
const indentation = (line: string) => line.search(/\S/)

// A statement begins at the nearest line above its end that is not indented further and can begin one.
const beginning = (code: ReadonlyArray<string>, end: number) =>
  code.findLastIndex((line, at) =>
    at <= end && indentation(line) <= indentation(code[end] ?? "") && !continuation.test(line)
  )

/** What the programs check their claims with. A claim that the program never comes to is no better than a wrong one. */
export const claims = (program: string, ...lines: ReadonlyArray<number>) => {
  const open = new Set(lines)
  process.on("exit", () => {
    if (open.size === 0 || process.exitCode) return
    process.stderr.write(`The program never comes to the claim at ${program}:${[...open].join(", ")}\n`)
    process.exitCode = 1
  })
  return (line: number, actual: unknown, expected: unknown) => {
    open.delete(line)
    if (!Equal.equals(actual, expected)) deepStrictEqual(actual, expected)
  }
}

// Every line keeps its number, so that errors tell the line of the documentation.
const programOf = ({ code, line }: Block, path: string): string => {
  const found = new Map(code.flatMap((text, at) => arrow.test(text) ? [[beginning(code, at), line + 1 + at]] : []))
  const lines = code.map((text, at) =>
    (found.has(at) ? text.replace(/^\s*/, (indent) => `${indent}$claim(${found.get(at)}, (`) : text)
      .replace(arrow, "$1), ($2))")
  )
  const self = relative(dirname(path), join(import.meta.dirname, "Documentation.ts"))
  const known = ["import.meta.url", ...found.values()].join(", ")
  const prelude = `import { claims as $claims } from "${self}"; const $claim = $claims(${known});`
  return `${prelude}${"\n".repeat(line)}${lines.join("\n")}\n`
}

const neverEnded = (timeout: number) =>
  `The program did not end within ${timeout / 1000} seconds. If it never does, mark it \`ts nocheck\`.`

// Loading packages is nearly all that an example costs: on a busy machine the sum comes near the limit.
const compiled = join(root, "node_modules/.cache/documentation")

// Without the environment of whoever runs the tests, whose credentials are none of an example's business.
const node = (cwd: string, args: ReadonlyArray<string>, timeout: number) =>
  new Promise<{ readonly stdout: string; readonly failure: string | undefined }>((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd, env: { NODE_COMPILE_CACHE: compiled }, timeout, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        const reason = error?.killed ? `${neverEnded(timeout)}\n` : ""
        resolve({ stdout, failure: error === null ? undefined : reason + stdout + stderr || error.message })
      }
    )
  })

/** Where the programs are written and run, and how. */
export interface Place {
  /** The folder they are run in; they are written below it. */
  readonly root: string
  readonly under: string
  /** Path of the `tsconfig.json` they are checked with. */
  readonly tsconfig: string
  readonly node: ReadonlyArray<string>
}

/** Packages are resolved to their sources. */
const inRepository: Place = {
  root,
  under: "examples",
  tsconfig: join(root, "tsconfig.json"),
  node: ["--conditions=@bulk-operations/source"]
}

export interface Programs {
  /** What is wrong with the block and where, if anything is. */
  readonly problem: (block: Block) => Promise<string | undefined>
  readonly remove: () => void
}

/**
 * Writes and type-checks the blocks' programs, as one. As long as one of them cannot be parsed, `tsc` tells no type
 * errors of the others.
 */
export const compile = async (blocks: ReadonlyArray<Block>, place: Place = inRepository): Promise<Programs> => {
  const directory = mkdtempSync(join(place.root, place.under, ".documentation-"))
  const programPath = (block: Block) => join(directory, block.file, `${block.line}.ts`)
  for (const block of blocks) {
    const path = programPath(block)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, programOf(block, path))
  }
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      extends: place.tsconfig,
      files: blocks.map(programPath),
      include: [],
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false }
    })
  )
  const compiler = join(root, "node_modules/typescript/bin/tsc")
  const tsc = await node(place.root, [compiler, "--project", directory, "--pretty", "false"], 60_000)
  const typeErrors = tsc.stdout.match(/^\S.*(?:\n\s.*)*/gm) ?? []
  const programs = relative(place.root, directory)
  const strays = typeErrors.filter((error) => !error.startsWith(programs))
  if (strays.length > 0) throw new Error(strays.join("\n"))
  if (tsc.failure !== undefined && typeErrors.length === 0) throw new Error(`tsc failed: ${tsc.failure}`)

  return {
    problem: async (block) => {
      const path = programPath(block)
      const program = relative(place.root, path)
      const misfits = typeErrors.filter((error) => error.startsWith(`${program}(`)).join("\n")
      const failure = misfits ||
        (block.runs ? (await node(place.root, [...place.node, program], 20_000)).failure : undefined)
      return failure?.replaceAll(pathToFileURL(path).href, block.file).replaceAll(program, block.file)
    },
    remove: () => rmSync(directory, { recursive: true })
  }
}
