import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "durable-waits-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
)

/** Runs the example, and kills it at its first line if it is to be killed. */
const run = (baseUrl: string, args: ReadonlyArray<string>, isKilled: boolean) =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      "--conditions=@bulk-operations/source",
      "examples/durable-waits.ts",
      ...args
    ], {
      cwd: new URL("../..", import.meta.url),
      env: {
        CLOUDFLARE_API_TOKEN: "any-token-that-is-long-enough",
        CLOUDFLARE_ACCOUNT_ID: Simulator.accountId,
        CLOUDFLARE_BASE_URL: baseUrl
      },
      timeout: 45_000
    })
    if (isKilled) child.stdout.once("data", () => child.kill("SIGKILL"))
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    assert.strictEqual(stderr, "")
    return stdout.trimEnd().split("\n")
  })

it.live(
  "durable-waits goes on after it was killed, and knows the end of a wait that has ended",
  () =>
    Effect.gen(function*() {
      const { baseUrl, complete, startOperation } = yield* Simulator.Simulator
      const startedAt = DateTime.formatIso(yield* DateTime.now)
      const id = yield* startOperation({ duration: "1 hour" })
      const args = [id, startedAt, join(yield* temporary, "waits.db")]
      assert.deepStrictEqual(yield* run(baseUrl, args, true), ["It is under way."])
      assert.deepStrictEqual(yield* run(baseUrl, args, true), ["It is under way."])
      yield* complete(id)
      const last = yield* run(baseUrl, args, false)
      assert.strictEqual(last.at(-1), "It is completed.")
      assert.deepStrictEqual(yield* run(baseUrl, args, false), ["It had ended before.", "It is completed."])
    }).pipe(Effect.scoped, Effect.provide(SimulatorServer.layer())),
  60_000
)
