/**
 * Bundle: how many bytes the smallest program that gets a status brings along, and the smallest one that waits.
 */
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { type Benchmark, figure, type Limit, table } from "../harness/report.ts"
import * as Budget from "./budget.ts"
import { type Bundle, bundle, effect } from "./bundler.ts"
import type { Run } from "./program.ts"

// By file, and the status that it comes to when it is run.
const programs = {
  officialGet: ["get/official", "official `cloudflare`, a get", "running"],
  ourGet: ["get/ours", "ours, a get", "running"],
  effectGet: ["get/effect", "Effect alone, a request and a schema for the answer", "running"],
  officialWait: ["wait/official", "official `cloudflare`, a loop by hand", "completed"],
  ourWait: ["wait/ours", "ours, a wait", "completed"]
} as const

type Name = keyof typeof programs

interface Bundled {
  readonly whole: Bundle
  readonly withoutEffect: Bundle
}

const bundled = async (name: Name): Promise<Bundled> => {
  const path = fileURLToPath(new URL(`programs/${programs[name][0]}.ts`, import.meta.url))
  return { whole: await bundle(path), withoutEffect: await bundle(path, [effect]) }
}

// An operation is running when it is first asked for, and completed from then on.
const counterpart = () => {
  const seen = new Set<string>()
  return createServer((request, response) => {
    const id = request.url?.slice(request.url.lastIndexOf("/") + 1) ?? ""
    const result = seen.has(id)
      ? { id, status: "completed", completed: "2026-01-31T08:00:00Z" }
      : { id, status: "running" }
    seen.add(id)
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify({ result, success: true, errors: [], messages: [] }))
  })
}

// Runs the bundles, so that nothing counts as small because it does not work.
const tryAll = async (bundles: Readonly<Record<Name, Bundled>>) => {
  const server = counterpart()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  const order = {
    baseUrl: `http://127.0.0.1:${address.port}`,
    apiToken: "v1.0-an-api-token-as-long-as-those-of-cloudflare",
    accountId: "023e105f4ecef8ad9ca31a8372d0c353"
  }
  try {
    for (const [index, [file, , expected]] of Object.values(programs).entries()) {
      const { code } = Object.values(bundles)[index]?.whole ?? { code: "" }
      const { run }: { readonly run: Run } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
      const { status } = await run({ ...order, operationId: index.toString(16).padStart(32, "0") })
      if (status !== expected) throw new Error(`${file}: ${status} instead of ${expected}`)
    }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const kilobytes = (bytes: number) => figure(bytes / 1000)

export const run: Benchmark = async () => {
  const bundles: Readonly<Record<Name, Bundled>> = {
    officialGet: await bundled("officialGet"),
    ourGet: await bundled("ourGet"),
    effectGet: await bundled("effectGet"),
    officialWait: await bundled("officialWait"),
    ourWait: await bundled("ourWait")
  }
  await tryAll(bundles)
  const gzipped = (name: Name) => bundles[name].whole.size.gzipped
  const limits: ReadonlyArray<Limit> = [
    { what: "ours that gets, times official", measured: gzipped("ourGet") / gzipped("officialGet"), limit: 1 },
    { what: "ours that waits, times official", measured: gzipped("ourWait") / gzipped("officialWait"), limit: 1.1 }
  ]
  return {
    markdown: [
      table(
        ["", "minified kB", "gzipped kB", "gzipped kB without Effect"],
        Object.values(bundles).map(({ whole, withoutEffect }, index) => [
          Object.values(programs)[index]?.[1] ?? "",
          kilobytes(whole.size.minified),
          kilobytes(whole.size.gzipped),
          kilobytes(withoutEffect.size.gzipped)
        ])
      ),
      `To an application that makes requests with Effect and decodes the answers, ours adds ${
        kilobytes(gzipped("ourGet") - gzipped("effectGet"))
      } kB gzipped for a get and ${kilobytes(gzipped("ourWait") - gzipped("effectGet"))} kB for a wait.`,
      "What the budget is about:",
      table(
        ["", "minified kB", "gzipped kB"],
        Object.entries(await Budget.measure()).map(([name, size]) => [
          name,
          kilobytes(size.minified),
          kilobytes(size.gzipped)
        ])
      )
    ].join("\n\n"),
    limits
  }
}
