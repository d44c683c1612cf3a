import { Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Cli from "./support/Cli.ts"
import { events } from "./support/events.ts"

const full = OperationPlan.failed("This list is at the maximum number of items")

describe("wait, in a pipe", () => {
  it.live("exits with 0 once the operation has completed: the result is on stdout, changes are on stderr", () =>
    Effect.gen(function*() {
      const id = yield* Cli.endsWhenPolled(2)
      const { code, stderr, stdout } = yield* Cli.runSimulated(["wait", id])
      assert.match(stdout, new RegExp(`^${id} completed \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\n$`))
      assert.match(stderr, new RegExp(`^(${id} (pending|running)\\n)+$`))
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with 1 if it failed, with Cloudflare's reason on stdout", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation({ outcome: full })
      const { code, stdout } = yield* Cli.runSimulated(["wait", id])
      assert.match(stdout, new RegExp(`^${id} failed .* This list is at the maximum number of items\\n$`))
      assert.strictEqual(code, 1)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with 3 if it did not end in time, and prints the command that continues", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation({ duration: "3 seconds" })
      const { code, stderr, stdout } = yield* Cli.runSimulated(["wait", id, "--timeout", "500ms", "--every", "200ms"])
      assert.strictEqual(stdout, "")
      assert.strictEqual(code, 3)
      const command = stderr.trimEnd().split("\n").at(-1)?.trim() ?? ""
      assert.match(command, new RegExp(`^bulk-operations wait ${id} --started-at \\S+Z --timeout 500ms --every 200ms$`))
      const again = yield* Cli.shell(command.replace("bulk-operations", "$CLI").replace("500ms", "20s"))
      assert.strictEqual(again.code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with 4 if the token is not accepted, and with 5 for an unknown operation", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation()
      const unknown = yield* Cli.runSimulated(["wait", "nobody-knows-me"])
      assert.strictEqual(unknown.code, 5)
      assert.match(unknown.stderr, /^nobody-knows-me error: Cloudflare did not find the resource/)
      yield* Simulator.Simulator.use(({ inject }) => inject(Fault.unauthorized))
      const { code, stderr } = yield* Cli.runSimulated(["wait", id])
      assert.match(stderr, /Check the API token/)
      assert.strictEqual(code, 4)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with 5 if Cloudflare cannot be reached", () =>
    Effect.gen(function*() {
      const env = { CLOUDFLARE_BASE_URL: "http://127.0.0.1:9" }
      const { code } = yield* Cli.runSimulated(["get", "x"], { env })
      assert.strictEqual(code, 5)
    }).pipe(Effect.provide(Cli.layer)))

  it.live.each([
    { how: "in the environment", args: [], env: { CLOUDFLARE_BASE_URL: "foo" } },
    { how: "as a flag", args: ["--base-url", "foo"], env: {} },
    { how: "of another protocol, with --any", args: ["--any", "--base-url", "ftp://x"], env: {} }
  ])("exits with 2 for a wrong base URL $how, in the events as well", ({ args, env }) =>
    Effect.gen(function*() {
      const { code, stdout } = yield* Cli.runSimulated(["wait", "x", "--json", ...args], { env })
      const all = yield* events(stdout)
      const codes = all.map((event) => event.type === "error" || event.type === "summary" ? event.exitCode : 0)
      const summary = all.at(-1)
      assert.deepStrictEqual([codes, code], [[2, 2], 2])
      assert.ok(summary?.type === "summary" && summary.errors === 1)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("waits for all of several operations, and exits with the gravest code", () =>
    Effect.gen(function*() {
      const [good, bad] = [yield* Cli.operation(), yield* Cli.operation({ outcome: full })]
      const { code, stderr, stdout } = yield* Cli.runSimulated(["wait", good, "unknown", bad])
      assert.include(stdout, `${good} completed`)
      assert.include(stdout, `${bad} failed`)
      assert.match(stderr, /\n1 completed, 1 failed, 1 error in [\d.]+s\n$/)
      assert.strictEqual(code, 5)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with 0 as soon as one has completed, with --any", () =>
    Effect.gen(function*() {
      const [never, good] = [yield* Cli.operation({ duration: "Infinity" }), yield* Cli.operation()]
      const { code, stderr, stdout } = yield* Cli.runSimulated(["wait", "--any", never, good])
      assert.match(stdout, new RegExp(`^${good} completed`))
      assert.match(stderr, /1 completed, 1 left alone/)
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with the gravest code if none has completed, with --any", () =>
    Effect.gen(function*() {
      const ids = [yield* Cli.operation({ outcome: full }), yield* Cli.operation({ duration: "Infinity" })]
      assert.strictEqual((yield* Cli.runSimulated(["wait", "--any", "--timeout", "3s", ...ids])).code, 3)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("reports transient errors, and when Cloudflare answers again", () =>
    Effect.gen(function*() {
      const id = yield* Cli.endsWhenPolled(4)
      yield* Simulator.Simulator.use(({ inject }) => inject(Fault.htmlError(502), { after: 1, times: 1 }))
      const { code, stderr } = yield* Cli.runSimulated(["wait", id])
      assert.match(
        stderr,
        /Cloudflare failed \(HTTP 502\), last seen (pending|running)\n\S+ (answers again: )?running\n/
      )
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("ends without an error when its reader closes the pipe", () =>
    Effect.gen(function*() {
      const ids = [yield* Cli.operation(), yield* Cli.operation({ duration: "3 seconds" })]
      const { stderr, stdout } = yield* Cli.shell(
        `$CLI wait --json ${ids.join(" ")} | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`
      )
      assert.deepStrictEqual([stdout, stderr], ["141\n", ""])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("uses no control characters, even if colours are forced", () =>
    Effect.gen(function*() {
      const ids = [yield* Cli.operation(), yield* Cli.operation({ outcome: full }), "unknown"]
      const { stderr, stdout } = yield* Cli.runSimulated(["wait", ...ids], { env: { FORCE_COLOR: "1" } })
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f]/)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("prints only events of the schema with --json, errors and the summary included", () =>
    Effect.gen(function*() {
      const [good, bad, late] = [
        yield* Cli.operation(),
        yield* Cli.operation({ outcome: full }),
        yield* Cli.operation({ duration: "Infinity" })
      ]
      const ran = yield* Cli.runSimulated(["wait", "--json", "--timeout", "3s", good, bad, late, "unknown"])
      const all = yield* events(ran.stdout)
      assert.strictEqual(ran.stderr, "")
      assert.strictEqual(ran.code, 5)
      const ends = all.flatMap((event) => event.type === "operation" ? [[event.id, event.status]] : [])
      assert.deepStrictEqual(ends.toSorted(), [[good, "completed"], [bad, "failed"]].toSorted())
      const errors = all.flatMap((event) =>
        event.type === "error" ? [[event.operationId, event.error, event.exitCode]] : []
      )
      assert.deepStrictEqual(errors, [["unknown", "NotFound", 5], [late, "PollTimeout", 3]])
      assert.ok(all.some((event) => event.type === "progress" && event.id === late && event.status === "running"))
      const summary = all.at(-1)
      assert.ok(summary?.type === "summary")
      assert.deepStrictEqual([summary.exitCode, summary.completed, summary.failed, summary.timedOut, summary.errors], [
        5,
        1,
        1,
        1,
        1
      ])
    }).pipe(Effect.provide(Cli.layer)))

  it.live.each(["INT", "TERM"] as const)(
    "SIG%s with --json ends with an error that has the command to resume, and a summary, both with 130",
    (signal) =>
      Effect.gen(function*() {
        const [good, never] = [yield* Cli.operation(), yield* Cli.operation({ duration: "Infinity" })]
        const ran = yield* Cli.interrupted(["wait", "--json", good, never], { after: "completed", signal })
        const [error, summary] = (yield* events(ran.stdout)).slice(-2)
        assert.ok(error?.type === "error" && summary?.type === "summary")
        assert.deepInclude(error, { error: "Interrupted", exitCode: 130, operationId: never })
        assert.match(error.resume ?? "", new RegExp(`^bulk-operations wait ${never} --started-at \\S+Z --json$`))
        assert.deepInclude(summary, { exitCode: 130, completed: 1, failed: 0, timedOut: 0, errors: 0, left: 1 })
        assert.deepStrictEqual([ran.code, ran.stderr], [130, ""])
      }).pipe(Effect.provide(Cli.layer))
  )

  it.live("interrupted with several under way, has one command for all of them", () =>
    Effect.gen(function*() {
      const ids = [yield* Cli.operation({ duration: "Infinity" }), yield* Cli.operation({ duration: "Infinity" })]
      const ran = yield* Cli.interrupted(["wait", "--json", ...ids], { after: "running", signal: "INT" })
      const [error] = (yield* events(ran.stdout)).slice(-2)
      assert.ok(error?.type === "error" && error.operationId === undefined)
      assert.include(error.resume, `wait ${ids.join(" ")} `)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("records durations with --history, and explain shows them", () =>
    Effect.gen(function*() {
      const history = `${Cli.folder}/history-${process.pid}.json`
      for (let i = 0; i < 2; i++) {
        yield* Cli.runSimulated([
          "wait",
          yield* Cli.operation(),
          "--history",
          history,
          "--started-at",
          new Date().toISOString()
        ])
      }
      const { stderr, stdout } = yield* Cli.runSimulated(["explain", "1s", "--history", history, "--json"])
      assert.match(stderr, /^Learned from 2 operations/)
      const [row] = yield* events(stdout)
      assert.ok(row?.type === "explanation" && row.operations === 2)
      const { code, stderr: why } = yield* Cli.runSimulated(["explain", "--history", Cli.bin])
      assert.include(why, "is not a history of this program")
      assert.strictEqual(code, 2)
    }).pipe(Effect.provide(Cli.layer)))
})
