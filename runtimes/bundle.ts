/** Bundles a module with its imports into one file for the web. */
import { build } from "esbuild"
import { join } from "node:path"

export const bundle = async (module: string, conditions: ReadonlyArray<string>): Promise<string> => {
  const { outputFiles: [file] } = await build({
    entryPoints: [join(import.meta.dirname, module)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions: [...conditions],
    logLevel: "error"
  })
  return file?.text ?? ""
}
