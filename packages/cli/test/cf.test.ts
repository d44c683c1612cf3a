import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import * as Cli from "./support/Cli.ts"

const cf = join(dirname(createRequire(import.meta.url).resolve("cf/package.json")), "bin/cf")

describe("wait", () => {
  it.live("waits for an operation that Cloudflare's own cf has started", () =>
    Effect.gen(function*() {
      const { createList } = yield* Simulator.Simulator
      const listId = yield* Effect.orDie(createList({ name: "office", kind: "ip" }))
      const { code, stderr, stdout } = yield* Cli.shell(
        `id=$(node ${cf} rules lists items-create ${listId} --body '[{"ip":"192.0.2.1"}]' | jq -r .operation_id) &&
         $CLI wait "$id" && $CLI items list office`,
        { env: { CF_HIDE_COMMANDS: "false", CF_NO_PROMPT: "1" } }
      )
      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /^[0-9a-f]{32} completed \S+Z\n192\.0\.2\.1\n$/)
    }).pipe(Effect.provide(Cli.layer)))
})
