import { Fault, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "./support/Cli.ts"
import { events } from "./support/events.ts"

const file = (name: string, content: string) => {
  const path = join(Cli.folder, name)
  writeFileSync(path, content)
  return path
}

const newList = Effect.fnUntraced(function*(name: string, ...ips: ReadonlyArray<string>) {
  const { createList } = yield* Simulator.Simulator
  return yield* Effect.orDie(createList({ name, kind: "ip", items: ips.map((ip) => ({ ip })) }))
})

// As Cloudflare has it.
const oneAtATime = SimulatorServer.layer({ duration: "300 millis", pendingFor: "50 millis" })

const writes = Effect.map(
  Effect.flatMap(Simulator.Simulator, ({ requests }) => requests),
  (requests) => requests.filter(({ method }) => method !== "GET").length
)

describe("items", () => {
  it.live("create, sync, delete and list accept items in every format", () =>
    Effect.gen(function*() {
      yield* newList("office")
      const created = yield* Cli.runSimulated([
        "items",
        "create",
        "office",
        file("ips.txt", "\ufeff192.0.2.1\r\n192.0.2.2\r\n")
      ])
      assert.deepStrictEqual([created.stdout, created.code], ["Added 2 items: list office\n", 0])
      const synced = yield* Cli.runSimulated(["items", "sync", "$office"], {
        stdin: `[{"ip":"192.0.2.1"},{"ip":"192.0.2.3","comment":"a, b"}]`
      })
      assert.strictEqual(synced.stdout, "List office: 1 added, 0 changed, 1 deleted, 1 unchanged\n")
      const listed = yield* Cli.runSimulated(["items", "list", "office"])
      assert.strictEqual(listed.stdout, "192.0.2.1\n192.0.2.3,\"a, b\"\n")
      const again = yield* Cli.runSimulated(["items", "sync", "office", file("copy.csv", listed.stdout), "--json"])
      const [same] = yield* events(again.stdout)
      assert.ok(same?.type === "sync" && same.method === "none" && same.unchanged === 2)
      const deleted = yield* Cli.runSimulated(["items", "delete", "office"], { stdin: "192.0.2.3/32\n198.51.100.1\n" })
      assert.strictEqual(deleted.stdout, "Deleted 1 item: list office\n")
      assert.include(deleted.stderr, "note: not in list office: 198.51.100.1\n")
    }).pipe(Effect.provide(Cli.layer)))

  it.live("--no-wait prints the operation's id, which wait accepts", () =>
    Effect.gen(function*() {
      yield* newList("office")
      const { stdout } = yield* Cli.runSimulated(["items", "replace", "office", "--no-wait"], { stdin: "192.0.2.1\n" })
      assert.match(stdout, /^[0-9a-f]{32}\n$/)
      assert.strictEqual((yield* Cli.runSimulated(["wait", stdout.trim()])).code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("--dry-run prints what would be done, and sends nothing", () =>
    Effect.gen(function*() {
      yield* newList("office", "192.0.2.1")
      for (const action of ["create", "replace", "sync", "delete"]) {
        const { code, stdout } = yield* Cli.runSimulated(["items", action, "office", "--dry-run"], {
          stdin: "192.0.2.1\n"
        })
        assert.match(stdout, /^Dry run, nothing sent\. /)
        assert.strictEqual(code, 0)
      }
      assert.strictEqual(yield* writes, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("refuse too many deletions, and a file that would empty a list, with exit code 6", () =>
    Effect.gen(function*() {
      yield* newList("office", "192.0.2.1", "192.0.2.2")
      const tooMany = yield* Cli.runSimulated(["items", "sync", "office", "--max-deletions", "10%"], {
        stdin: "192.0.2.1\n"
      })
      assert.include(tooMany.stderr, "raise --max-deletions")
      const empty = yield* Cli.runSimulated(["items", "replace", "office", file("empty.txt", "")])
      assert.include(empty.stderr, "add --allow-empty")
      assert.deepStrictEqual([tooMany.code, empty.code, yield* writes], [6, 6, 0])
      const meant = yield* Cli.runSimulated(["items", "replace", "office", "--allow-empty"])
      assert.strictEqual(meant.code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live.each([
    {
      what: "wrong lines",
      name: "bad.txt",
      content: "192.0.2.1\n\n192.0.2.300\n1.1.1.1\n1.1.1.2\n1.1.1.3\n1.1.1.1.1\n",
      says: [/line 3, "192\.0\.2\.300"/, /line 7, "1\.1\.1\.1\.1"/]
    },
    {
      what: "a duplicate line",
      name: "twice.txt",
      content: "1.1.1.1\n1.1.1.1/32\n",
      says: [/line 2.*the same as line 1/]
    },
    { what: "a page", name: "page.txt", content: "<!DOCTYPE html><title>404</title>", says: [/an HTML page/] },
    {
      what: "a lost comma",
      name: "lost.json",
      content: "[{\"ip\":\"1.1.1.1\"} {\"ip\":\"1.1.1.2\"}]",
      says: [/not JSON/]
    }
  ])(
    "exit with 2 for a file with $what, say where, and send nothing",
    ({ content, name, says }) =>
      Effect.gen(function*() {
        yield* newList("office")
        const { code, stderr, stdout } = yield* Cli.runSimulated(["items", "replace", "office", file(name, content)])
        for (const text of says) assert.match(stderr, text)
        assert.deepStrictEqual([code, stdout, yield* writes], [2, "", 0])
      }).pipe(Effect.provide(Cli.layer))
  )

  it.live("exit with 2 for a file that cannot be read, and for a list that does not exist", () =>
    Effect.gen(function*() {
      yield* newList("office")
      mkdirSync(join(Cli.folder, "folder"), { recursive: true })
      const missing = yield* Cli.runSimulated(["items", "sync", "office", "missing.txt"])
      assert.strictEqual(missing.stderr, "Cannot read the file missing.txt: there is no such file\n")
      const folder = yield* Cli.runSimulated(["items", "sync", "office", join(Cli.folder, "folder")])
      assert.include(folder.stderr, "it is a folder")
      const noList = yield* Cli.runSimulated(["items", "sync", "offcie"], { stdin: "1.1.1.1" })
      assert.include(noList.stderr, "There are: office")
      assert.deepStrictEqual([missing.code, folder.code, noList.code], [2, 2, 2])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("list prints an event for each item with --json, and lists get one for the list", () =>
    Effect.gen(function*() {
      const id = yield* newList("office", "192.0.2.1", "192.0.2.2")
      const items = yield* events((yield* Cli.runSimulated(["items", "list", id, "--json"])).stdout)
      assert.deepStrictEqual(items.map(({ type }) => type), ["item", "item"])
      const lists = yield* events((yield* Cli.runSimulated(["lists", "get", id, "--json"])).stdout)
      assert.deepStrictEqual(lists.map(({ type }) => type), ["list"])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("says once, as soon as it is refused, that another operation is pending, and until when it retries", () =>
    Effect.gen(function*() {
      yield* newList("office", "192.0.2.1")
      yield* Simulator.Simulator.use(({ startOperation }) => startOperation({ duration: "Infinity" }))
      for (const action of ["create", "replace", "delete", "sync"]) {
        const args = ["items", action, "office", "--patience", "500ms"]
        const stdin = action === "delete" ? "192.0.2.1\n" : "192.0.2.2\n"
        const { code, stderr, stdout } = yield* Cli.runSimulated(args, { stdin })
        assert.match(
          stderr,
          /^Another operation of this account is pending; retrying until \d{4}-\d\d-\d\dT[\d:]+Z\.\nAnother bulk .*\n$/
        )
        assert.deepStrictEqual([code, stdout], [5, ""])
        const json = yield* Cli.runSimulated([...args, "--json"], { stdin })
        const [retry, error, ...rest] = yield* events(json.stdout)
        assert.ok(retry?.type === "retry" && retry.reason === "operationPending" && retry.until !== undefined)
        assert.ok(error?.type === "error" && error.error === "AnotherOperationPending")
        assert.deepStrictEqual([json.code, json.stderr, rest], [5, "", []])
      }
    }).pipe(Effect.provide(oneAtATime)))

  it.live("says why else it retries, and succeeds", () =>
    Effect.gen(function*() {
      yield* newList("office")
      const { inject } = yield* Simulator.Simulator
      yield* inject(Fault.htmlError(504, { carriedOut: false }), { on: "lists.items.create", times: 1 })
      const lost = yield* Cli.runSimulated(["items", "create", "office", "--repeat", "--no-wait"], {
        stdin: "192.0.2.1\n"
      })
      assert.match(lost.stderr, /^The answer to the write was lost; retrying until \S+Z\.\n$/)
      yield* inject(Fault.rateLimited(), { on: "lists.items.create", times: 1 })
      const limited = yield* Cli.runSimulated(
        ["items", "create", "office", "--patience", "infinity", "--json", "--no-wait"],
        { stdin: "192.0.2.2\n" }
      )
      const [retry, started] = yield* events(limited.stdout)
      assert.ok(retry?.type === "retry" && retry.reason === "requestLimit" && retry.until === undefined)
      assert.ok(started?.type === "started")
      assert.deepStrictEqual([lost.code, limited.code], [0, 0])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("interrupted, names its operation and the command that waits for it", () =>
    Effect.gen(function*() {
      yield* newList("office")
      const { planNext } = yield* Simulator.Simulator
      for (const isJson of [true, false]) {
        yield* planNext({ duration: "2 seconds" })
        const ran = yield* Cli.interrupted(["items", "create", "office", ...(isJson ? ["--json"] : [])], {
          after: "running",
          signal: "INT",
          stdin: "192.0.2.1\n"
        })
        assert.strictEqual(ran.code, 130)
        if (isJson) {
          const error = (yield* events(ran.stdout)).at(-1)
          assert.ok(error?.type === "error" && error.error === "Interrupted" && error.exitCode === 130)
          assert.include(error.resume, `bulk-operations wait ${error.operationId} --started-at`)
        } else {
          assert.match(ran.stderr, /Interrupted\. The operation continues\. .*\n {2}bulk-operations wait [0-9a-f]{32} /)
        }
      }
    }).pipe(Effect.provide(Cli.layer)))

  it.live("a command that reads is interrupted with an event as well", () =>
    Effect.gen(function*() {
      yield* newList("long", ...Array.from({ length: 600 }, (_, i) => `10.${i >> 8}.${i & 255}.1`))
      yield* Simulator.Simulator.use(({ inject }) => inject(Fault.stall(), { on: "lists.items.list", after: 1 }))
      const ran = yield* Cli.interrupted(["items", "list", "long", "--json"], { after: "item", signal: "TERM" })
      const error = (yield* events(ran.stdout)).at(-1)
      assert.deepStrictEqual(error, { type: "error", error: "Interrupted", message: "Interrupted.", exitCode: 130 })
      assert.deepStrictEqual([ran.code, ran.stderr], [130, ""])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("list ends without an error when its reader closes the pipe", () =>
    Effect.gen(function*() {
      yield* newList("long", ...Array.from({ length: 3000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`))
      const { stderr, stdout } = yield* Cli.shell("$CLI items list long | head -1")
      assert.deepStrictEqual([stdout, stderr], ["10.0.0.1\n", ""])
    }).pipe(Effect.provide(Cli.layer)))
})
