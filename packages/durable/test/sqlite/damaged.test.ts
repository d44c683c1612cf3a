import { DurablePoller } from "@bulk-operations/durable"
import { layerSqlite } from "@bulk-operations/durable/sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Layer } from "effect"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { scripted } from "../Scripted.ts"

describe("a file that is damaged", () => {
  it.live("in its middle is named in the error", () =>
    Effect.gen(function*() {
      const folder = mkdtempSync(join(tmpdir(), "damaged-"))
      const filename = join(folder, "waits.db")
      const waits = (scripts: Parameters<typeof scripted>[0]) =>
        Layer.fresh(layerSqlite({ filename }).pipe(Layer.provide(scripted(scripts))))
      const startedAt = yield* DateTime.now
      yield* DurablePoller.DurablePoller.use(({ start }) => start("op-1", { startedAt })).pipe(
        Effect.provide(waits({ "op-1": ["running"] }))
      )
      const bytes = readFileSync(filename)
      bytes.fill(0, 4096)
      writeFileSync(filename, bytes)
      const exit = yield* DurablePoller.DurablePoller.use(({ wait }) => wait("op-1", { startedAt })).pipe(
        Effect.provide(waits({ "op-1": ["completed"] })),
        Effect.timeout("10 seconds"),
        Effect.exit
      )
      rmSync(folder, { recursive: true })
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "no error", filename)
    }))
})
