/**
 * What the figures were measured on and with.
 */
import { readFileSync } from "node:fs"
import { availableParallelism, cpus, totalmem, type } from "node:os"

const installed = (folder: string, name: string): string => {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL(`${folder}/${name}/package.json`, import.meta.url), "utf8")
  )
  return manifest.version
}

const peers = [
  "effect",
  "@effect/platform-node",
  "undici",
  "cloudflare",
  "zod",
  "valibot",
  "@azure/core-lro",
  "@smithy/util-waiter",
  "rolldown"
]

/** One line each for the machine and for what is installed. */
export const describe = (): string => {
  const processor = cpus()[0]?.model.trim() ?? "an unknown processor"
  const memory = Math.round(totalmem() / 2 ** 30)
  const versions = peers.map((name) => `${name} ${installed("../../node_modules", name)}`)
  return [
    `- ${processor}, ${availableParallelism()} cores, ${memory} GiB, ${type()}, Node ${process.versions.node}`,
    `- ${versions.join(", ")}`,
    `- @distilled.cloud/cloudflare ${
      installed("../distilled/node_modules/@distilled.cloud", "cloudflare")
    } with effect ${installed("../distilled/node_modules", "effect")}`
  ].join("\n")
}
