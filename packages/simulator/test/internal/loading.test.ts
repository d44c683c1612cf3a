import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = `
  import { registerHooks } from "node:module"
  const loaded = []
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
  const { Simulator } = await import("@bulk-operations/simulator")
  const { Effect, Layer } = await import("effect")
  const count = () => loaded.filter((url) => url.includes("platform-node")).length
  const build = (layer) => Effect.runPromise(Effect.scoped(Layer.build(layer)))
  await build(Simulator.layerHttpClient())
  const inMemory = count()
  await build(Simulator.layerServer())
  console.log(JSON.stringify({ inMemory, hasServer: count() > 0 }))
`

const run = Effect.callback<string, Error>((resume) => {
  execFile(
    process.execPath,
    ["--conditions=source", "--input-type=module", "--eval", program],
    { cwd: fileURLToPath(new URL(".", import.meta.url)) },
    (error, stdout) => resume(error === null ? Effect.succeed(stdout) : Effect.fail(error))
  )
})

describe("the way in without sockets", () => {
  it.live("does not load Node's server, which is there once it is asked for", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(JSON.parse(yield* run), { inMemory: 0, hasServer: true })
    }), 20_000)
})
