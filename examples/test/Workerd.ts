/**
 * Cloudflare's own runtime, on this machine.
 */
import { Miniflare, type MiniflareOptions } from "miniflare"
import type { Readable } from "node:stream"
import { bundle } from "../../benchmarks/bundle/bundler.ts"

/** A module with all that it imports, as a Worker's script. */
export const script = async (path: string) =>
  (await bundle(new URL(path, import.meta.url).pathname, [/^cloudflare:/])).code

/** Runs a Worker. */
export const start = (options: MiniflareOptions) =>
  new Miniflare({
    modules: true,
    cf: false,
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume()
      stderr.resume()
    },
    ...options
  })

/** Why nothing can be tested in it, if that is so. */
export const whyNot = async (): Promise<string | undefined> => {
  const probe = start({ script: "export default {}" })
  try {
    await probe.ready
    await probe.dispose()
    return undefined
  } catch (error) {
    return `workerd does not run on this machine, so nothing is tested in it: ${String(error)}`
  }
}
