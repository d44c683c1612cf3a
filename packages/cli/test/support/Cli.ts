/**
 * Runs the real binary: in a pipe, and in a pseudo-terminal.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { Effect, Schedule, Schema } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const bin = fileURLToPath(new URL("../../dist/bin.js", import.meta.url))
const pty = fileURLToPath(new URL("terminal.py", import.meta.url))

/** A folder for these tests, without a `.env`. */
export const folder = mkdtempSync(join(tmpdir(), "bulk-operations-"))

export type Environment = Readonly<Record<string, string | undefined>>

const inherited: Environment = {
  PATH: process.env["PATH"],
  HOME: folder,
  TERM: "xterm-256color",
  LANG: "C.UTF-8"
}

/** What points the command at the simulator. */
export const simulated = Effect.map(Simulator.Simulator, ({ baseUrl }): Environment => ({
  CLOUDFLARE_BASE_URL: baseUrl,
  CLOUDFLARE_ACCOUNT_ID: Simulator.accountId,
  CLOUDFLARE_API_TOKEN: "any-token"
}))

/** Many operations at once, quick ones. */
export const layer = SimulatorServer.layer({
  duration: "1 second",
  pendingFor: "300 millis",
  limits: { pendingOperations: 1000, requests: Infinity },
  timestamps: { fractionDigits: 3 }
})

export interface Options {
  readonly env?: Environment
  readonly stdin?: string
  readonly cwd?: string
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const spawned = (command: string, args: ReadonlyArray<string>, { cwd = folder, env = {}, stdin = "" }: Options) =>
  Effect.callback<Ran>((resume) => {
    const options = { cwd, env: { ...inherited, ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 }
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }))
    })
    child.stdin?.on("error", () => undefined)
    child.stdin?.end(stdin)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** In a pipe. */
export const run = (args: ReadonlyArray<string>, options: Options = {}) =>
  spawned(process.execPath, [bin, ...args], options)

/** In a pipe, with what the simulator is reached by. */
export const runSimulated = (args: ReadonlyArray<string>, options: Options = {}) =>
  Effect.flatMap(simulated, (env) => run(args, { ...options, env: { ...env, ...options.env } }))

/** As a line of a shell, in which `$CLI` is the command. */
export const shell = (line: string, options: Options = {}) =>
  Effect.flatMap(
    simulated,
    (env) =>
      spawned("bash", ["-c", line], { ...options, env: { ...env, CLI: `${process.execPath} ${bin}`, ...options.env } })
  )

/** In a pipe, stopped by a signal as soon as its output has this text. The code is the command's. */
export const interrupted = Effect.fnUntraced(function*(
  args: ReadonlyArray<string>,
  { after, signal, ...options }: Options & { readonly after: string; readonly signal: "INT" | "TERM" }
) {
  const cwd = mkdtempSync(join(folder, "interrupted-"))
  const line = [
    `$CLI "$@" <&0 > out 2> err & command=$!`,
    `until cat out err | grep -q '${after}'; do kill -0 $command || break; sleep 0.05; done`,
    `kill -${signal} $command; wait $command; code=$?; cat out; cat err >&2; exit $code`
  ].join("\n")
  const env = { ...(yield* simulated), CLI: `${process.execPath} ${bin}`, ...options.env }
  return yield* spawned("bash", ["-c", line, "bash", ...args], { ...options, cwd, env })
})

/** Something to do as soon as a text has been printed. */
export interface Step {
  readonly after: string
  readonly key?: string
  readonly size?: readonly [columns: number, rows: number]
}

const Recorded = Schema.fromJsonString(Schema.Struct({ code: Schema.Int, output: Schema.String, left: Schema.Int }))

/** In a terminal of this size. */
export const inTerminal = Effect.fnUntraced(function*(
  args: ReadonlyArray<string>,
  { columns = 100, rows = 20, steps = [], ...options }: Options & {
    readonly columns?: number
    readonly rows?: number
    readonly steps?: ReadonlyArray<Step>
  } = {}
) {
  const env = yield* simulated
  const { stderr, stdout } = yield* spawned(
    "python3",
    [pty, String(columns), String(rows), JSON.stringify(steps), "--", process.execPath, bin, ...args],
    { ...options, env: { ...env, ...options.env } }
  )
  if (stdout === "") return yield* Effect.die(new Error(stderr))
  return yield* Effect.orDie(Schema.decodeEffect(Recorded)(stdout))
})

/** An operation that ends once it has been polled so often, however long the machine takes for that: its id. */
export const endsWhenPolled = Effect.fnUntraced(function*(polls: number, error?: string) {
  const { complete, fail, requests } = yield* Simulator.Simulator
  const id = yield* operation({ duration: "Infinity", pendingFor: 0 })
  yield* requests.pipe(
    Effect.map((all) => all.filter(({ url }) => url.endsWith(id)).length),
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (times) => times >= polls }),
    Effect.andThen(error === undefined ? complete(id) : fail(id, error)),
    Effect.orDie,
    Effect.forkScoped
  )
  return id
})

/** An operation of the simulator's, and its id. */
export const operation = (plan: Parameters<Simulator.Simulator["Service"]["startOperation"]>[0] = {}) =>
  Effect.orDie(Simulator.Simulator.use(({ startOperation }) => startOperation(plan)))
