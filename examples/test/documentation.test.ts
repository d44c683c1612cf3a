import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Documentation from "./Documentation.ts"

interface Case {
  readonly name: string
  readonly blocks: ReadonlyArray<Documentation.Block>
  readonly problem: RegExp
}

const check = (cases: ReadonlyArray<Case>) => {
  let programs: Documentation.Programs
  beforeAll(async () => {
    programs = await Documentation.compile(cases.flatMap(({ blocks }) => blocks))
  }, 60_000)
  afterAll(() => programs.remove())

  for (const { blocks, name, problem } of cases) {
    it(`${name}`, async () => {
      const problems = (await Promise.all(blocks.map((block) => programs.problem(block)))).join("\n")
      assert.match(problems, problem, problems)
    })
  }
}

describe.concurrent("the examples of the documentation hold", { timeout: 30_000 }, () => {
  const blocks = Documentation.read("README.md", "docs/*.md", "packages/*/README.md", "packages/*/src/**/*.ts")
  check(blocks.map((block) => ({ name: `${block.file}:${block.line}`, blocks: [block], problem: /^$/ })))
})

const inDocstring = (name: string, code: string, problem: RegExp): Case => {
  const tag = [
    "/**",
    " * Adds.",
    " *",
    " * @example",
    ...code.split("\n").map((line) => ` * ${line}`),
    " * @see one",
    " */"
  ]
  return { name, blocks: Documentation.blocksIn(`${name}.ts`, [...tag, "const one = 1"].join("\n")), problem }
}

const onPage = (name: string, code: string, problem: RegExp, language = "ts"): Case => {
  const page = ["# A page", "", `\`\`\`${language}`, code, "```", "", "The end."]
  return { name, blocks: Documentation.blocksIn(`${name}.md`, page.join("\n")), problem }
}

const program = (effect: string) =>
  `import * as NodeRuntime from "@effect/platform-node/NodeRuntime"\nimport * as Effect from "effect/Effect"\n${effect}.pipe(NodeRuntime.runMain)`

describe.concurrent("the check reports exactly what does not hold, with line and reason", { timeout: 30_000 }, () => {
  check([
    inDocstring("a claim in a docstring that holds", "const one = 1\none + 1 // => 2", /^$/),
    onPage("a claim on a page that holds", "await Promise.resolve([{ a: 1 }]) // => [{ a: 1 }]", /^$/),
    onPage(
      "equal by Effect's Equal",
      "import * as Option from \"effect/Option\"\nOption.some([1]) // => Option.some([1])",
      /^$/
    ),
    onPage("a name that is not used", "const unused = 1", /^$/),
    onPage("an error where nothing is run", "throw new Error(\"oh no\")", /^$/, "ts nocheck"),
    onPage("another language", "{", /^$/, "json"),
    inDocstring("a claim in a docstring", "const one = 1\none + 1 // => 3", /^2 !== 3$[^]*:6:/m),
    onPage("a claim on a page", "const one = 1\none + 1 // => 3", /^2 !== 3$[^]*:5:/m),
    onPage("a claim on the line below", "1 + 1\n// => 3", /^2 !== 3$[^]*:4:/m),
    onPage("a claim about several lines", "Object.keys({\n  a: 1\n}) // => []", /ERR_ASSERTION[^]*:4:/),
    onPage("a claim about a chain", "[1]\n  .map((n) => n)\n  .concat(2) // => [1]", /ERR_ASSERTION[^]*:4:/),
    onPage("a claim inside a function", "[1].map((n) => {\n  n // => 2\n})", /^1 !== 2$[^]*:5:/m),
    onPage("a claim about a promise", "Promise.resolve(1) // => 1", /ERR_ASSERTION[^]*:4:/),
    onPage(
      "a claim never come to",
      "const never = () => {\n  1 // => 1\n}",
      /never comes to the claim at a claim never come to\.md:5$/m
    ),
    onPage("an error", "\nthrow new Error(\"oh no\")", /:5\n[^]*oh no/),
    onPage("a rejection that nobody waits for", "void Promise.reject(new Error(\"late\"))", /:4\n[^]*late/),
    onPage("an exit code", "process.exitCode = 3", /^Command failed/),
    onPage("a program that fails", program("Effect.fail(\"oh no\")"), /oh no/),
    onPage("a type error", "\nconst text: string = 1", /\(5,7\): error TS2322/),
    onPage("a type error where nothing is run", "const text: string = 1", /\(4,7\): error TS2322/, "ts nocheck"),
    onPage("a type error that only strict settings tell", "[\"a\"][0].length", /\(4,1\): error TS2532/),
    onPage("an import of nothing", "import { nope } from \"@bulk-operations/core\"", /\(4,10\): error TS2305/)
  ])
})

describe.concurrent("the check reports a claim with", { timeout: 30_000 }, () => {
  check([
    onPage("no value", "1 // =>", /\(4,\d+\): error TS/),
    onPage("no expression", "const one = 1 // => 1", /\(4,\d+\): error TS/),
    onPage("no statement", "const one = {\n  a: 1 // => 1\n}", /\(\d+,\d+\): error TS/)
  ])
})
