import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

interface Program {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
}

const start = (...flags: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Program => {
      const child = spawn(process.execPath, ["--conditions=@bulk-operations/source", bin, ...flags])
      const output = { stdout: "", stderr: "" }
      child.stdout.on("data", (data: Buffer) => output.stdout += data)
      child.stderr.on("data", (data: Buffer) => output.stderr += data)
      return { child, output }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

const ended = ({ child, output }: Program) =>
  Effect.callback<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((resume) => {
    child.once("close", (code) => resume(Effect.succeed({ code, ...output })))
  })

const listening = ({ child, output }: Program) =>
  Effect.callback<Readonly<Record<string, string>>>((resume) => {
    const check = () => {
      if (!output.stdout.includes("Ctrl-C")) return
      const lines = output.stdout.matchAll(/^export (\w+)=(.*)$/gm)
      resume(Effect.succeed(Object.fromEntries(Array.from(lines, ([, name = "", value = ""]) => [name, value]))))
    }
    child.stdout?.on("data", check)
    check()
  })

const Json = Schema.fromJsonString(Schema.Json)

const ask = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    return { status: response.status, text: await response.text() }
  })

describe("the program", { timeout: 30_000 }, () => {
  it.live("prints the settings that a client needs, serves it, and ends with Ctrl-C", () =>
    Effect.gen(function*() {
      const program = yield* start("--token", "the-token", "--fault", `{"fault":"notFound","times":1}`, "--cors")
      const { CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN, CLOUDFLARE_BASE_URL } = yield* listening(program)
      assert.strictEqual(CLOUDFLARE_API_TOKEN, "the-token")
      const lists = `${CLOUDFLARE_BASE_URL}/accounts/${CLOUDFLARE_ACCOUNT_ID}/rules/lists`
      const headers = { authorization: `Bearer ${CLOUDFLARE_API_TOKEN}` }
      assert.strictEqual((yield* ask(lists, { headers })).status, 404)
      assert.strictEqual((yield* ask(lists, { headers })).status, 200)
      assert.strictEqual((yield* ask(lists, { headers: { authorization: "Bearer another" } })).status, 401)
      const control = /curl (\S+)/.exec(program.output.stdout)?.[1] ?? ""
      assert.include((yield* ask(control)).text, "/simulator/operations/:id/complete")
      const state = yield* ask(`${control}/state`)
      assert.deepStrictEqual(yield* Schema.decodeEffect(Json)(state.text), { lists: [], operations: [] })
      program.child.kill("SIGINT")
      const { code, stderr } = yield* ended(program)
      assert.deepStrictEqual([code, stderr], [130, ""])
    }))

  it.live("prints to stderr that a port is taken, and what to do", () =>
    Effect.gen(function*() {
      const { CLOUDFLARE_BASE_URL = "" } = yield* listening(yield* start())
      const { port } = new URL(CLOUDFLARE_BASE_URL)
      const { code, stderr, stdout } = yield* Effect.flatMap(start("--port", port), ended)
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, new RegExp(`^Cannot listen on 127.0.0.1, port ${port}: .*EADDRINUSE.* Leave out --port`))
    }))

  it.live("prints to stderr why it listens on loopback only, and what to do", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Effect.flatMap(start("--host", "0.0.0.0"), ended)
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.strictEqual(
        stderr,
        "Other machines can reach 0.0.0.0, and any credential is accepted. " +
          "Leave out --host, or add --allow-remote if that is intended.\n"
      )
    }))

  it.live.each(
    [
      [["--port", "abc"], "--port"],
      [["--bogus"], "--bogus"],
      [["bogus"], "bogus"]
    ] as const
  )("ends with 2 after wrong usage: %j", ([flags, named]) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Effect.flatMap(start(...flags), ended)
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.include(stderr, named)
      assert.match(stderr, /^ERROR\n[^]*\n\nbulk-operations-simulator --help shows more\.\n$/)
    }))

  it.live.each(["--help", "--version"])("ends with 0 after %s", (flag) =>
    Effect.gen(function*() {
      const { code, stderr } = yield* Effect.flatMap(start(flag), ended)
      assert.deepStrictEqual([code, stderr], [0, ""])
    }))

  it.live("prints to stderr what is wrong with a flag, without the whole help", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Effect.flatMap(start("--port", "70000"), ended)
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(
        stderr,
        /^ERROR\n.*Expected a port from 0 to 65535, got 70000\n\nbulk-operations-simulator --help shows more\.\n$/
      )
    }))
})
