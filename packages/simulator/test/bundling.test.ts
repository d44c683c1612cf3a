import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { build } from "esbuild"
import { fileURLToPath } from "node:url"

const program = `
  import { Simulator } from "@bulk-operations/simulator"
  import * as Effect from "effect/Effect"
  import * as HttpClient from "effect/http/HttpClient"

  const { status } = await Effect.runPromise(
    HttpClient.get(\`https://api.cloudflare.com/client/v4/accounts/\${Simulator.accountId}/rules/lists\`, {
      headers: { authorization: "Bearer any-token" }
    }).pipe(Effect.provide(Simulator.layerHttpClient()))
  )
  export default status
`

const Module = Schema.Struct({ default: Schema.Unknown })

// No module of Node's can be resolved for the web: this fails with its name if one is imported.
const bundle = Effect.fnUntraced(function*(platform: "browser" | "neutral", contents = program) {
  const { outputFiles: [file] } = yield* Effect.promise(() =>
    build({
      stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "ts" },
      bundle: true,
      write: false,
      format: "esm",
      platform,
      mainFields: ["module", "main"],
      conditions: platform === "browser"
        ? ["@bulk-operations/source"]
        : ["@bulk-operations/source", "workerd", "worker"],
      logLevel: "silent"
    })
  )
  return file?.text ?? ""
})

const run = (code: string) =>
  Effect.promise((): Promise<unknown> => import(`data:text/javascript,${encodeURIComponent(code)}`)).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Module))
  )

describe("the simulator without sockets", () => {
  for (const [place, platform] of [["a browser", "browser"], ["a Worker", "neutral"]] as const) {
    it.live(`bundles for ${place}, and answers requests there`, () =>
      Effect.gen(function*() {
        const code = yield* bundle(platform)
        assert.notMatch(code, /\bfrom\s*"node:|require\("node:/)
        assert.strictEqual((yield* run(code)).default, 200)
      }), 30_000)
  }
})

describe("the flags of the simulator's program", () => {
  it.live("load no server, which would slow down every start of a command that has them", () =>
    Effect.gen(function*() {
      const code = yield* bundle("browser", `export * from "@bulk-operations/simulator/node/SimulatorFlags"`)
      assert.include(code, "pending-operations")
      assert.notInclude(code, "layerHttpClient")
    }), 30_000)
})
