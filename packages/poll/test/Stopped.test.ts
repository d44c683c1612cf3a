import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { setTimeout } from "node:timers/promises"

const Said = Schema.fromJsonString(Schema.Struct({
  ending: Schema.String,
  elapsed: Schema.Finite,
  polls: Schema.Array(Schema.Finite)
}))

const stopFor = (millis: number) =>
  Effect.promise(async () => {
    const child = spawn(
      process.execPath,
      ["--conditions=@bulk-operations/source", new URL("stopped.ts", import.meta.url).pathname],
      { env: {}, timeout: 40_000 }
    )
    const errors = text(child.stderr)
    await Promise.race([once(child.stdout, "data"), once(child, "exit")])
    child.kill("SIGSTOP")
    await setTimeout(millis)
    child.kill("SIGCONT")
    const said = await text(child.stdout)
    return { said, errors: await errors }
  })

// Windows has no such signals.
describe.skipIf(process.platform === "win32")(
  "a process stopped by a signal until its deadline has passed",
  () => {
    it.live("polls once more when it continues, and detects what ended meanwhile", () =>
      Effect.gen(function*() {
        const { errors, said } = yield* stopFor(4000)
        const { elapsed, ending, polls } = yield* Schema.decodeEffect(Said)(said).pipe(Effect.mapError(() => errors))
        // It was stopped: what this test is about has happened.
        assert.isAtLeast(elapsed, 4000, said)
        assert.isTrue(polls.every((at) => at < 2500 || at >= 3500), said)
        assert.strictEqual(ending, "completed")
      }), 60_000)
  }
)
