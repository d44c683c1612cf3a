/**
 * Checks the packages as users get them: packed from a clean clone, installed into an empty project outside the
 * repository, with the lowest and with the newest versions that their peer ranges allow.
 */
import { build } from "esbuild"
import { execFileSync, spawnSync } from "node:child_process"
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import * as Documentation from "../examples/test/Documentation.ts"
import * as FirstProgram from "./firstProgram.ts"
import { type Manifest, read, wrongIn } from "./manifest.ts"
import * as Version from "./version.ts"

const root = join(import.meta.dirname, "..")

const run = (cwd: string, command: string, ...args: ReadonlyArray<string>) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })

const fail = (...problems: ReadonlyArray<string>) => {
  for (const problem of problems) console.error(`✘ ${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

const step = async (name: string, work: () => ReadonlyArray<string> | Promise<ReadonlyArray<string>>) => {
  const began = performance.now()
  const problems = await work()
  console.log(`${problems.length === 0 ? "✔" : "✘"} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  fail(...problems)
}

interface Package {
  readonly folder: string
  readonly manifest: Manifest
  readonly tarball: string
}

// `prepack` builds, and says so on stdout.
const pack = (folder: string, into: string): Package => {
  const manifest = read(folder)
  run(folder, "npm", "pack", "--silent", "--foreground-scripts=false", "--pack-destination", into)
  const name = manifest.name.replace("@", "").replace("/", "-")
  return { folder, manifest, tarball: join(into, `${name}-${manifest.version}.tgz`) }
}

const wanted = ["package.json", "README.md", "LICENSE"]
const unwanted = /\/(?:test|typetest|node_modules)\/|\.tsbuildinfo$|\.test\./

const wrongInTarball = ({ manifest, tarball }: Package) => {
  const files = run(root, "tar", "-tf", tarball).trim().split("\n").map((file) => file.replace(/^package\//, ""))
  const targets = [...Object.values(manifest.bin ?? {}), ...Object.values(manifest.exports ?? {})]
    .flatMap((target) => typeof target === "string" ? [target] : Object.values(target ?? {}))
    .filter((target) => !target.includes("*"))
    .map((target) => target.replace("./", ""))
  return [
    ...[...wanted, ...targets].filter((file) => !files.includes(file)).map((file) => `${manifest.name} lacks ${file}`),
    ...files.filter((file) => unwanted.test(`/${file}`)).map((file) => `${manifest.name} contains ${file}`)
  ]
}

const complaints = (command: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { status, stderr, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" })
  return status === 0 ? [] : [`${command} ${args.join(" ")}\n${stdout}${stderr}`]
}

const lint = ({ manifest, tarball }: Package) => [
  ...complaints("publint", "run", tarball, "--strict"),
  // There is no CommonJS: Node can `require` these modules as well.
  ...(manifest.exports === undefined ? [] : complaints("attw", tarball, "--profile", "esm-only", "--format", "ascii"))
]

/** Which end of the peer ranges is installed. */
type End = "lowest" | "newest"

const peersOf = (packages: ReadonlyArray<Package>, end: End) => {
  const ranges = new Map(packages.flatMap(({ manifest }) => Object.entries(manifest.peerDependencies ?? {})))
  return [...ranges].map(([name, range]) => {
    const versions: string | ReadonlyArray<string> = JSON.parse(
      run(root, "npm", "view", `${name}@${range}`, "version", "--json")
    )
    const version = typeof versions === "string" ? versions : versions.at(end === "lowest" ? 0 : -1)
    return `${name}@${version}`
  })
}

// As strict as an application can be, without any setting that the packages need.
const tsconfig = {
  compilerOptions: {
    module: "NodeNext",
    target: "ES2024",
    lib: ["ES2024", "DOM", "DOM.Iterable"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: ["node"]
  }
}

const emptyFolder = () => mkdtempSync(join(tmpdir(), "bulk-operations-project-"))

const options = ["--no-save", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]

const install = (folder: string, what: ReadonlyArray<string>) =>
  run(folder, "npm", "install", "--prefix", folder, ...options, ...what)

const newProject = (peers: ReadonlyArray<string>, packages: ReadonlyArray<Package>): string => {
  const project = emptyFolder()
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig))
  install(project, [...packages.map(({ tarball }) => tarball), ...peers, "@types/node@24"])
  return project
}

const wrongInFirstProgram = async (project: string, peers: ReadonlyArray<string>, packages: ReadonlyArray<Package>) => {
  const folder = emptyFolder()
  const what = FirstProgram.packagesIn(root).map((name) =>
    packages.find(({ manifest }) => manifest.name === name)?.tarball
      ?? peers.find((peer) => peer.startsWith(`${name}@`))
      ?? name
  )
  install(folder, what)
  const problems = await FirstProgram.wrongIn(folder, join(project, "node_modules/.bin/bulk-operations-simulator"))
  rmSync(folder, { recursive: true })
  return problems
}

const readmes = ["README.md", "packages/*/README.md"]

const wrongInPrograms = async (project: string) => {
  const blocks = Documentation.read(...readmes)
  const place = { root: project, under: ".", tsconfig: join(project, "tsconfig.json"), node: [] }
  const programs = await Documentation.compile(blocks, place)
  const problems: Array<string> = []
  // One after the other: they mostly load Effect, and the machine may be busy.
  for (const block of blocks) {
    const problem = await programs.problem(block)
    if (problem !== undefined) problems.push(problem)
  }
  return problems
}

const wrongInCommands = (project: string, packages: ReadonlyArray<Package>) =>
  packages.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {})).flatMap((command) => {
    const help = run(project, join("node_modules/.bin", command), "--help")
    return help.includes(command) ? [] : [`${command} --help does not say what it is: ${help}`]
  })

// An import, and our modules that must not be bundled with it.
const shaken: ReadonlyArray<readonly [program: string, unused: RegExp]> = [
  [
    `import { BulkOperation } from "@bulk-operations/core"; console.log(BulkOperation.isTerminal)`,
    /Cloudflare|exchange/
  ],
  [
    `import { PollSchedule } from "@bulk-operations/poll"; console.log(PollSchedule.spaced)`,
    /Cloudflare|Poller|engine/
  ],
  [`import { ListItem } from "@bulk-operations/lists"; console.log(ListItem.asn)`, /Cloudflare|ListItems|poll\//],
  [`import "@bulk-operations/core"; import "@bulk-operations/poll"; import "@bulk-operations/lists"`, /^/]
]

const wrongInBundle = async (project: string, program: string, unused: RegExp) => {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: project },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    metafile: true,
    absWorkingDir: project,
    logLevel: "error"
  })
  const outputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs))
  const brought = outputs.flatMap(([path, { bytesInOutput }]) => {
    const [, module] = /@bulk-operations\/(.*)\.js$/.exec(path) ?? []
    return module === undefined || bytesInOutput === 0 ? [] : [module.replace("/dist/", "/")]
  })
  const extra = brought.filter((module) => unused.test(module))
  return extra.length === 0 ? [] : [`${program}\n  brings what is not used: ${extra.join(", ")}`]
}

const folders = globSync("packages/*/package.json", { cwd: root }).toSorted().map((path) => join(root, path, ".."))
const shelf = mkdtempSync(join(tmpdir(), "bulk-operations-packed-"))
const packages: Array<Package> = []

const wrongInVersions = () => {
  const { version } = read(join(root, "packages/core"))
  return Version.places
    .filter(([file, before]) => Version.versionIn(file, before) !== version)
    .map(([file]) => `${file} has another version than ${version}: run node packaging/version.ts`)
}

await step("every package says what it is", () => folders.flatMap((folder) => wrongIn(folder, root)))
await step("all have one version", wrongInVersions)
await step("every package is built when it is packed", () => {
  run(root, "npm", "run", "--silent", "clean")
  for (const folder of folders) packages.push(pack(folder, shelf))
  return packages.flatMap(wrongInTarball)
})
for (const each of packages) await step(`${basename(each.folder)}: publint, arethetypeswrong`, () => lint(each))

const ends = { lowest: peersOf(packages, "lowest"), newest: peersOf(packages, "newest") }
const same = String(ends.lowest) === String(ends.newest)
for (const peers of same ? [ends.newest] : [ends.lowest, ends.newest]) {
  let project = ""
  await step(`an empty project, with ${peers.join(" ")}`, () => {
    project = newProject(peers, packages)
    return []
  })
  await step("  the programs of the READMEs", () => wrongInPrograms(project))
  await step("  the first program, after its install line", () => wrongInFirstProgram(project, peers, packages))
  await step("  the commands", () => wrongInCommands(project, packages))
  await step(
    "  what is not used is not bundled",
    async () => (await Promise.all(shaken.map(([program, unused]) => wrongInBundle(project, program, unused)))).flat()
  )
  rmSync(project, { recursive: true })
}
rmSync(shelf, { recursive: true })
