import { assert, it } from "@effect/vitest"
import { build } from "esbuild"
import { fileURLToPath } from "node:url"

// The modules that a bundle of one brings along.
const modulesOf = async (path: string) => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(path, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    external: ["node:*"],
    mainFields: ["module", "main"],
    conditions: ["@bulk-operations/source", "workerd", "worker"],
    logLevel: "silent"
  })
  return Object.entries(metafile.outputs).flatMap(([, { inputs }]) =>
    Object.entries(inputs).flatMap(([module, { bytesInOutput }]) => bytesInOutput > 0 ? [module] : [])
  )
}

const ofTheCluster = /\/effect\/(src|dist)\/(cluster|workflow|sql)\/|\/lists\/src\//

it("a bundle of a wait in a Cloudflare Workflow contains nothing of Effect's cluster or of Lists", async () => {
  const modules = await modulesOf("../../src/cloudflare/index.ts")
  assert.isAbove(modules.length, 50)
  assert.deepStrictEqual(modules.filter((module) => ofTheCluster.test(module)), [])
  // What is looked for is found where it is.
  assert.isAbove(
    (await modulesOf("../../src/DurablePoller.ts")).filter((module) => ofTheCluster.test(module)).length,
    5
  )
})
