/** The first screen of the README, followed as a reader does: its install line, its program, and a simulator for it. */
import { spawn, spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Documentation from "../examples/test/Documentation.ts"

const readme = "README.md"

/** The packages that the README's install line names. */
export const packagesIn = (root: string): ReadonlyArray<string> =>
  /^npm install (.+)$/m.exec(readFileSync(join(root, readme), "utf8"))?.[1]?.split(" ") ?? []

type Variables = Readonly<Record<string, string>>

// The command prints what a shell sets to point a client at it.
const variablesIn = (text: string): Variables =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]))

const withSimulator = async <A>(command: string, use: (variables: Variables) => A): Promise<A> => {
  const simulator = spawn(command, ["--duration", "300 millis"], { stdio: ["ignore", "pipe", "inherit"] })
  let text = ""
  try {
    for await (const chunk of simulator.stdout.setEncoding("utf8")) {
      text += chunk
      if (text.includes("Ctrl-C")) break
    }
    return use(variablesIn(text))
  } finally {
    simulator.kill()
  }
}

/** Runs the program in a folder where only the packages of its install line are, against the simulator's command. */
export const wrongIn = (folder: string, simulator: string): Promise<ReadonlyArray<string>> =>
  withSimulator(simulator, (variables) => {
    const [block] = Documentation.read(readme)
    writeFileSync(join(folder, "block.mts"), block?.code.join("\n") ?? "")
    const { stderr, stdout } = spawnSync(process.execPath, ["block.mts"], {
      cwd: folder,
      encoding: "utf8",
      env: variables,
      timeout: 45_000
    })
    return /[0-9a-f]{32} is completed/.test(stdout) && stderr === ""
      ? []
      : [`The first program of the README does not end as it should:\n${stdout}${stderr}`]
  })
