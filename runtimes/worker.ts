/**
 * Cloudflare's workerd.
 */
import { Miniflare } from "miniflare"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { bundle } from "./bundle.ts"
import type { Runtime } from "./run.ts"

const version = (): string =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve("workerd/package.json"), "utf8")).version

const onWorker = (name: string, label: string, module: string): Runtime => ({
  name,
  version: () => `workerd ${version()}, ${label}`,
  reports: async (bindings) => {
    const script = await bundle(module, ["workerd", "worker"])
    const worker = new Miniflare({
      modules: true,
      script,
      bindings: { ...bindings },
      compatibilityDate: "2026-07-01",
      cf: false
    })
    try {
      const ask = async (): Promise<unknown> => (await worker.dispatchFetch("http://localhost/")).json()
      // The second request comes after the first one's timers and connections are gone.
      return [await ask(), await ask()]
    } finally {
      await worker.dispose()
    }
  }
})

export const runtimes: ReadonlyArray<Runtime> = [
  onWorker("worker-per-request", "layers for each request", "workerPerRequest.ts"),
  onWorker("worker-module-scope", "layers in the module", "workerModuleScope.ts")
]
