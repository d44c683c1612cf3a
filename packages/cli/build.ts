/**
 * Bundles the command: one small file that starts it, and a chunk for each part that only some commands need.
 *
 * `node build.ts [folder]` writes to `dist` by default. The result has no dependencies to install.
 */
import { build } from "esbuild"
import { rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const bundle = async (outdir: string): Promise<void> => {
  await rm(outdir, { recursive: true, force: true })
  await build({
    entryPoints: [here("src/bin.ts")],
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    legalComments: "none",
    format: "esm",
    platform: "node",
    target: "node22",
    conditions: ["@bulk-operations/source"],
    chunkNames: "chunks/[name]-[hash]",
    // The simulator's server depends on CommonJS, which calls `require`.
    banner: {
      js: `import{createRequire as createRequireOfBanner}from"node:module";` +
        `const require=createRequireOfBanner(import.meta.url);`
    },
    logLevel: "warning"
  })
}

if (import.meta.main) await bundle(process.argv[2] ?? here("dist"))
