/** Rules for a published `package.json`. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"

type Dependencies = Readonly<Record<string, string>>

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly keywords?: ReadonlyArray<string>
  readonly homepage?: string
  readonly bugs?: string
  readonly repository?: { readonly url: string; readonly directory: string }
  readonly license?: string
  readonly publishConfig?: { readonly access: string }
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string | null | Readonly<Record<string, string>>>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Dependencies
  readonly devDependencies?: Dependencies
  readonly peerDependencies?: Dependencies
}

export const read = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

const repository = "https://github.com/bulk-operations/bulk-operations"

const same = (one: string, other: string) =>
  existsSync(one) && readFileSync(one, "utf8") === readFileSync(other, "utf8")

/** Problems of the package in a folder, before it is packed. */
export const wrongIn = (folder: string, root: string): ReadonlyArray<string> => {
  const manifest = read(folder)
  const directory = `packages/${basename(folder)}`
  const dependencies = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies }
  const effects = read(join(root, "packages/core")).peerDependencies?.["effect"]
  const internals = globSync("**/internal", { cwd: join(folder, "src") })
  const rules: ReadonlyArray<readonly [holds: boolean, rule: string]> = [
    [manifest.description !== undefined, "a description"],
    [(manifest.keywords ?? []).includes("cloudflare"), "keywords, \"cloudflare\" among them"],
    [manifest.homepage === `${repository}/tree/main/${directory}#readme`, "its README as homepage"],
    [manifest.bugs === `${repository}/issues`, "the issues of the repository as bugs"],
    [manifest.repository?.url === `git+${repository}.git`, `the repository ${repository}`],
    [manifest.repository?.directory === directory, `the directory ${directory} of the repository`],
    [manifest.license === "MIT" && same(join(folder, "LICENSE"), join(root, "LICENSE")), "the LICENSE, copied"],
    [existsSync(join(folder, "README.md")), "a README.md"],
    [manifest.publishConfig?.access === "public", "public access in publishConfig"],
    [
      manifest.exports === undefined || internals.every((path) => manifest.exports?.[`./${path}/*`] === null),
      "exports that close every folder named internal"
    ],
    [/\bbuild\b/.test(manifest.scripts?.["prepack"] ?? ""), "a prepack that builds"],
    [
      Object.entries(dependencies).every(([name, range]) =>
        !name.startsWith("@bulk-operations/") || range === `^${read(join(root, "packages", basename(name))).version}`
      ),
      "the other packages by ^ and their version"
    ],
    [
      manifest.peerDependencies === undefined || manifest.peerDependencies["effect"] === effects,
      `effect ${effects} as a peer, as core has it`
    ]
  ]
  return rules.filter(([holds]) => !holds).map(([, rule]) => `${manifest.name} needs ${rule}`)
}
