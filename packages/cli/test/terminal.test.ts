import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "./support/Cli.ts"
import * as Screen from "./support/Screen.ts"

describe("a command in a terminal", () => {
  it.live("shows a line for each operation, replaces it by the result, and restores the cursor", () =>
    Effect.gen(function*() {
      const [good, bad] = [yield* Cli.endsWhenPolled(4), yield* Cli.endsWhenPolled(1, "This list is full")]
      const { code, output } = yield* Cli.inTerminal(["wait", good, bad])
      assert.match(output, new RegExp(`${good} {2}running +\\d\\.\\ds +\\d polls? {2}next in \\d`))
      const { history, isCursorShown, rows } = Screen.show(output, 100, 20)
      assert.match(rows[0] ?? "", new RegExp(`^✘ ${bad}  failed  [\\d.]+s  This list is full$`))
      assert.match(rows[1] ?? "", new RegExp(`^✔ ${good}  completed  [\\d.]+s  \\d polls$`))
      assert.match(rows[2] ?? "", /^1 completed, 1 failed in [\d.]+s$/)
      assert.deepStrictEqual(rows.slice(3).filter((row) => row !== ""), [])
      assert.deepStrictEqual([code, history, isCursorShown], [1, [], true])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("draws no more lines than the window has, and leaves only results behind", () =>
    Effect.gen(function*() {
      const ids = yield* Effect.forEach(Array.from({ length: 40 }), () => Cli.endsWhenPolled(2))
      const { code, output } = yield* Cli.inTerminal(["wait", "--request-cost", "100ms", ...ids], {
        rows: 10,
        columns: 90
      })
      assert.match(output, /\d+ of 40 ended, \d+ more going on/)
      const { history, rows } = Screen.show(output, 90, 10)
      const left = [...history, ...rows].filter((row) => row !== "")
      assert.strictEqual(left.length, 41)
      assert.ok(left.slice(0, 40).every((row) => /^✔ [0-9a-f]{32} {2}completed/.test(row)))
      assert.match(left[40] ?? "", /^40 completed/)
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("adapts to a window that becomes narrow", () =>
    Effect.gen(function*() {
      const id = yield* Cli.endsWhenPolled(5)
      const { code, left, output } = yield* Cli.inTerminal(["wait", id], {
        columns: 120,
        steps: [{ after: "left", size: [34, 8] }]
      })
      const after = output.split("\u001b[?2026h").findLast((frame) => !frame.includes("completed")) ?? ""
      assert.match(Screen.show(after, 34, 8).rows[0] ?? "", new RegExp(`^. ${id.slice(0, 8)}\\S*  running`))
      assert.deepStrictEqual([code, left], [0, 0])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("exits with 130 at Ctrl-C, restores the cursor, and prints the command that continues", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation({ duration: "Infinity" })
      const { code, output } = yield* Cli.inTerminal(["wait", id], {
        columns: 140,
        steps: [{ after: "running", key: "\u0003" }]
      })
      const { isCursorShown, rows } = Screen.show(output, 140, 20)
      assert.include(rows.join("\n"), "Interrupted. The operation continues. To wait again:")
      assert.match(rows.join("\n"), new RegExp(`bulk-operations wait ${id} --started-at `))
      assert.deepStrictEqual([code, isCursorShown], [130, true])
    }).pipe(Effect.provide(Cli.layer)))

  it.live("a write shows in its live line that another operation is pending, then its own, and leaves only its result", () =>
    Effect.gen(function*() {
      const { createList, startOperation } = yield* Simulator.Simulator
      yield* Effect.orDie(createList({ name: "office", kind: "ip", items: [] }))
      yield* startOperation({ duration: "1 second" })
      writeFileSync(join(Cli.folder, "pending.txt"), "192.0.2.1\n")
      const { code, output } = yield* Cli.inTerminal(["items", "create", "office", "pending.txt"])
      assert.match(output, /Another operation of this account is pending; retrying {2}14m\d\ds left/)
      assert.match(output, /[0-9a-f]{32} {2}(pending|running) /)
      const { rows } = Screen.show(output, 100, 20)
      assert.deepStrictEqual([code, rows.filter((row) => row !== "")], [0, ["Added 1 item: list office"]])
    }).pipe(Effect.provide(SimulatorServer.layer({ duration: "1 second", pendingFor: "300 millis" }))))

  it.live("has no colours with NO_COLOR, and no control sequences with TERM=dumb", () =>
    Effect.gen(function*() {
      const plain = yield* Cli.inTerminal(["wait", yield* Cli.operation()], { env: { NO_COLOR: "1" } })
      // oxlint-disable-next-line no-control-regex
      assert.notMatch(plain.output, /\u001b\[\d+m/)
      const dumb = yield* Cli.inTerminal(["wait", yield* Cli.operation()], { env: { TERM: "dumb" } })
      assert.notInclude(dumb.output, "\u001b")
    }).pipe(Effect.provide(Cli.layer)))

  it.live("asks for a missing token, without showing it", () =>
    Effect.gen(function*() {
      const id = yield* Cli.operation()
      const { code, output } = yield* Cli.inTerminal(["get", id], {
        env: { CLOUDFLARE_API_TOKEN: undefined },
        steps: [{ after: "API token", key: "any-token\r" }]
      })
      assert.include(output, id)
      assert.notInclude(output, "any-token")
      assert.strictEqual(code, 0)
    }).pipe(Effect.provide(Cli.layer)))

  it.live("asks before a list is deleted", () =>
    Effect.gen(function*() {
      const name = "to_be_deleted"
      yield* Cli.runSimulated(["lists", "create", name])
      const no = yield* Cli.inTerminal(["lists", "delete", name], { steps: [{ after: "Delete list", key: "n" }] })
      assert.strictEqual(no.code, 6)
      const yes = yield* Cli.inTerminal(["lists", "delete", name], { steps: [{ after: "Delete list", key: "y" }] })
      assert.strictEqual(yes.code, 0)
      assert.strictEqual((yield* Cli.runSimulated(["lists", "list"])).stdout, "")
    }).pipe(Effect.provide(Cli.layer)))
})
