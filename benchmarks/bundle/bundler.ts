/**
 * Bundles a module as for a Worker: for the web, without what is not used, minified, in one file.
 */
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"

export interface Bundle {
  readonly code: string
  readonly size: Size
}

/** In bytes. */
export interface Size {
  readonly minified: number
  readonly gzipped: number
}

// `@bulk-operations/source` is for this library, whose built files make the same bundle, byte for byte; the others are those of a Worker.
const conditionNames = ["@bulk-operations/source", "workerd", "worker", "browser", "import"]

/** The module at the path with all that it imports, except for what is left out. */
export const bundle = async (path: string, leftOut: ReadonlyArray<RegExp> = []): Promise<Bundle> => {
  const build = await rolldown({
    input: path,
    platform: "browser",
    resolve: { conditionNames },
    external: [...leftOut],
    onwarn: ({ message }) => {
      throw new Error(message)
    }
  })
  const { output: [{ code }] } = await build.generate({ format: "esm", minify: true, codeSplitting: false })
  await build.close()
  return { code, size: { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).byteLength } }
}

/** What an application on Effect has already. */
export const effect = /^effect(\/|$)/
