import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "./support/Cli.ts"
import { events } from "./support/events.ts"

const account = { CLOUDFLARE_ACCOUNT_ID: "a" }
const whole = { ...account, CLOUDFLARE_API_TOKEN: "token" }

const waitFor = (timeout: string) => Cli.runSimulated(["wait", "none"], { env: { BULK_OPERATIONS_TIMEOUT: timeout } })

describe("wrong usage", () => {
  it.effect.each([
    { args: ["wiat", "x"], says: "Did you mean this?\n    wait" },
    { args: ["wait", "--timeuot", "3s", "x"], says: "Did you mean this?\n    --timeout" },
    { args: ["wait"], says: "Missing required argument: operation-id" },
    { args: ["wait", "x", "--timeout", "600"], says: "Expected a duration such as 30s, 10m, 1h30m or \"2 hours\"" },
    { args: ["wait", "x", "--timeout", "0s"], says: "longer than zero" },
    { args: ["wait", "x", "--any", "--all"], says: "--any and --all exclude each other" },
    {
      args: ["wait", "x", "--every", "1s", "--request-cost", "1s"],
      says: "--every and --request-cost exclude each other"
    },
    { args: ["wait", "x", "--started-at", "yesterday"], says: "Expected a time with its zone" },
    { args: ["wait", "https://dash.cloudflare.com/x/y"], says: "is a URL. Pass the id alone: y" },
    { args: ["wait", "\"x\""], says: "has quotes around it" },
    { args: ["items", "sync", "list", "--max-deletions", "many"], says: "a share such as 10%" },
    { args: ["explain", "1h", "infinity"], says: "An operation that never ends has no cost to explain" },
    { args: [], says: "USAGE" }
  ])("$args is told on stderr, and exits with 2", ({ args, says }) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Cli.run(args, { env: whole })
      assert.include(stderr, says)
      assert.strictEqual(stdout, "")
      assert.strictEqual(code, 2)
    }))

  it.effect("is an event with --json", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Cli.run(["wiat", "--json"])
      const [event, ...rest] = yield* events(stdout)
      assert.ok(event?.type === "error" && event.error === "UsageError" && event.exitCode === 2)
      assert.deepStrictEqual([rest, stderr, code], [[], "", 2])
    }))
})

describe("settings", () => {
  it.effect("an account that is missing is named with its flag and its variable", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* Cli.run(["get", "x"])
      assert.strictEqual(stderr, "There is no account. Pass --account <id>, or set CLOUDFLARE_ACCOUNT_ID.\n")
      assert.strictEqual(code, 2)
    }))

  it.effect("a token that is missing is named with its flag and its variable, and exits with 4", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* Cli.run(["get", "x"], { env: account })
      assert.match(stderr, /^There is no API token\. Set CLOUDFLARE_API_TOKEN.*--token-file <path>/)
      assert.strictEqual(code, 4)
    }))

  it.effect("a variable is a duration as a flag is, and is named if it is none", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* waitFor("1m30s")).code, 5)
      const { code, stderr } = yield* waitFor("90")
      assert.strictEqual(
        stderr,
        "BULK_OPERATIONS_TIMEOUT is \"90\". Expected a duration zero or longer, such as 30s, 10m or \"2 hours\".\n"
      )
      assert.strictEqual(code, 2)
    }).pipe(Effect.provide(Cli.layer)))

  it.effect("a token that cannot be one is not printed", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* Cli.run(["get", "x"], { env: { ...account, CLOUDFLARE_API_TOKEN: "s3 cret" } })
      assert.include(stderr, "CLOUDFLARE_API_TOKEN")
      assert.notInclude(stderr, "s3")
      assert.strictEqual(code, 4)
    }))

  it.live("flags win over the environment, and the environment over .env", () =>
    Effect.gen(function*() {
      const cwd = mkdtempSync(join(Cli.folder, "env-"))
      const env = yield* Cli.simulated
      const id = yield* Cli.operation()
      writeFileSync(
        join(cwd, ".env"),
        Object.entries(env).map(([name, value]) => `${name}="${value}"\n`).join("")
      )
      writeFileSync(join(cwd, "token"), "any-token\n")
      const get = (args: ReadonlyArray<string>, env: Cli.Environment) =>
        Effect.map(Cli.run(["get", id, ...args], { cwd, env }), ({ code }) => code)
      assert.strictEqual(yield* get([], {}), 0)
      const other = { CLOUDFLARE_ACCOUNT_ID: "0".repeat(32) }
      assert.strictEqual(yield* get([], other), 5)
      assert.strictEqual(yield* get(["--account", env["CLOUDFLARE_ACCOUNT_ID"] ?? ""], other), 0)
      assert.strictEqual(yield* get(["--token-file", "token"], { CLOUDFLARE_API_TOKEN: "not a token" }), 0)
    }).pipe(Effect.provide(Cli.layer)))
})

describe("help", () => {
  it.effect.each([
    { args: ["--help"] },
    { args: ["wait", "--help"] },
    { args: ["get", "--help"] },
    { args: ["items", "--help"] },
    { args: ["items", "sync", "--help"] },
    { args: ["items", "delete", "--help"] },
    { args: ["lists", "delete", "--help"] },
    { args: ["explain", "--help"] },
    { args: ["simulate", "--help"] },
    { args: ["demo", "--help"] }
  ])("of $args fits into 80 columns, is on stdout, and exits with 0", ({ args }) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Cli.run(args)
      assert.include(stdout, "USAGE")
      assert.deepStrictEqual(stdout.split("\n").filter((line) => line.length > 80), [])
      assert.deepStrictEqual([code, stderr], [0, ""])
    }))

  it.effect("--version prints the version, and --completions a script for the shell", () =>
    Effect.gen(function*() {
      assert.match((yield* Cli.run(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/)
      assert.include((yield* Cli.run(["--completions", "bash"])).stdout, "simulate")
    }))
})

describe("explain", () => {
  it.effect("keeps its columns apart, however many polls there are", () =>
    Effect.gen(function*() {
      const { code, stdout } = yield* Cli.run(["explain", "1000d", "10000d", "--every", "1s"])
      assert.match(stdout, /^ *1000d00h +86400001 +0\.5s +1\.0s\n *10000d00h +864000001 +0\.5s +1\.0s\n$/)
      assert.strictEqual(code, 0)
    }))
})

describe("simulate", () => {
  it.effect("prints what points clients at it, and can be controlled by HTTP", () =>
    Effect.gen(function*() {
      const folder = mkdtempSync(join(Cli.folder, "simulate-"))
      const line = [
        "$CLI simulate --duration infinity > exports 2> notes & simulator=$!",
        "trap 'kill $simulator' EXIT",
        "until grep -q /simulator notes; do sleep 0.1; done",
        "eval \"$(cat exports)\"",
        "tell=$(sed -n 's/.*curl //p' notes)",
        "curl --silent --fail \"$tell/operations\" --data '{\"id\":\"one\"}' > started",
        "curl --silent --fail --request POST \"$tell/operations/one/complete\"",
        "$CLI wait one --json"
      ].join("\n")
      const { code, stderr, stdout } = yield* Cli.shell(line, { cwd: folder })
      assert.strictEqual(code, 0, stderr)
      assert.include(stdout, "\"completed\"")
    }).pipe(Effect.provide(Cli.layer)))

  it.effect("has the flags of the simulator's own program: faults, a token, other addresses", () =>
    Effect.gen(function*() {
      const folder = mkdtempSync(join(Cli.folder, "simulate-"))
      const line = [
        "$CLI simulate --token secret --fault forbidden --json > told & simulator=$!",
        "trap 'kill $simulator' EXIT",
        "until test -s told; do sleep 0.1; done",
        "export CLOUDFLARE_API_TOKEN=$(jq -r .apiToken told) CLOUDFLARE_BASE_URL=$(jq -r .baseUrl told)",
        "$CLI lists list --account $(jq -r .accountId told)"
      ].join("\n")
      const { code, stderr } = yield* Cli.shell(line, { cwd: folder })
      assert.include(stderr, "Account Filter Lists")
      assert.strictEqual(code, 4)
    }).pipe(Effect.provide(Cli.layer)))

  it.effect.each([
    { args: ["--host", "0.0.0.0"], says: "Leave out --host, or add --allow-remote if that is intended." },
    { args: ["--host", "192.0.2.1", "--allow-remote"], says: "Is --host an address of this machine?" },
    { args: ["--fault", "nonsense"], says: "Expected a fault: one of latency" },
    { args: ["--duration", "soon"], says: "Expected a duration such as 30s, 1h30m" }
  ])("that cannot start with $args says why on stderr, and exits with 2", ({ args, says }) =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* Cli.run(["simulate", ...args])
      assert.include(stderr, says)
      assert.notMatch(stderr, /\n\s+at /)
      assert.deepStrictEqual([code, stdout], [2, ""])
    }))
})
