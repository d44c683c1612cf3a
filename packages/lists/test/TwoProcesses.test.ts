import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { held, ipList, overSockets, requestsTo } from "./World.ts"

const write = (baseUrl: string, listId: string, addresses: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const child = spawn(
      process.execPath,
      [
        "--conditions=@bulk-operations/source",
        new URL("writer.ts", import.meta.url).pathname,
        baseUrl,
        listId,
        ...addresses
      ],
      { env: {}, timeout: 40_000 }
    )
    const exit = new Promise<number | string | null>((resolve) =>
      child.on("exit", (code, signal) => resolve(signal ?? code))
    )
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { exit: await exit, output: stdout + stderr }
  })

describe("two processes that write to one account", () => {
  it.live("each write every item exactly once, and wait for each other's operations", () =>
    Effect.gen(function*() {
      const { baseUrl, state } = yield* Simulator.Simulator
      const listId = yield* ipList()
      const [first, second] = [["192.0.2.1", "192.0.2.2", "192.0.2.3"], ["192.0.2.4", "192.0.2.5", "192.0.2.6"]]
      const exits = yield* Effect.all([write(baseUrl, listId, first), write(baseUrl, listId, second)], {
        concurrency: 2
      })
      for (const { exit, output } of exits) assert.strictEqual(exit, 0, output)
      assert.deepStrictEqual(yield* held(listId), [...first, ...second])
      const sent = yield* requestsTo("lists.items.create")
      const taken = sent.filter(({ status }) => Option.contains(status, 200)).map(({ body }) => body)
      assert.deepStrictEqual(taken.toSorted(), [...first, ...second].map((ip) => JSON.stringify([{ ip }])))
      assert.lengthOf((yield* state).operations, 6)
      // They did meet: what this test is about has happened.
      assert.isAbove(sent.length, 6)
    }).pipe(Effect.provide(overSockets({ duration: "1 second" }))), 60_000)
})
