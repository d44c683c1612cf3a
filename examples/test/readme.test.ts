import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Documentation from "./Documentation.ts"

// Beside the tests, so that the packages are found; nothing else of the repository is used.
const program = join(import.meta.dirname, ".block.mts")

const run = (baseUrl: string) =>
  promisify(execFile)(process.execPath, ["--conditions=@bulk-operations/source", program], {
    timeout: 45_000,
    env: {
      CLOUDFLARE_BASE_URL: baseUrl,
      CLOUDFLARE_API_TOKEN: "any-token",
      CLOUDFLARE_ACCOUNT_ID: Simulator.accountId
    }
  })

it.live(
  "the first program of the README starts an operation and waits for its end, as often as it is run",
  () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* Simulator.Simulator
      const [block] = Documentation.read("README.md")
      yield* Effect.promise(() => writeFile(program, block?.code.join("\n") ?? ""))
      yield* Effect.addFinalizer(() => Effect.promise(() => rm(program)))
      for (const _ of ["first", "again"]) {
        const { stderr, stdout } = yield* Effect.promise(() => run(baseUrl))
        assert.match(stdout, /[0-9a-f]{32} is completed/)
        assert.strictEqual(stderr, "")
      }
    }).pipe(Effect.scoped, Effect.provide(SimulatorServer.layer({ duration: "300 millis" }))),
  90_000
)
