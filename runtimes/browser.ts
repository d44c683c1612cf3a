/**
 * A page in Chromium.
 */
import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { bundle } from "./bundle.ts"
import type { Runtime } from "./run.ts"

const names = ["chromium", "chromium-browser", "google-chrome"]

const versionOf = (name: string): string | undefined => {
  try {
    return execFileSync(name, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
  } catch {
    return undefined
  }
}

const html = { "content-type": "text/html" }
const javascript = { "content-type": "text/javascript" }

// Serves the page, and returns its report.
const serve = (script: string) => {
  const report = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0]
    if (path === "/page.js") response.writeHead(200, javascript).end(script)
    else if (path === "/") response.writeHead(200, html).end(`<script type="module" src="/page.js"></script>`)
    else if (path === "/report") text(request).then(report.resolve, report.reject).finally(() => response.end())
    else response.writeHead(404).end()
  })
  return new Promise<{ readonly origin: string; readonly report: Promise<string>; readonly close: () => void }>(
    (resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resolve({ origin: `http://127.0.0.1:${port}`, report: report.promise, close: () => server.close() })
      })
    }
  )
}

export const chromium: Runtime = {
  name: "chromium",
  version: () => {
    const version = names.map(versionOf).find((version) => version !== undefined)
    return version === undefined ? undefined : /[A-Z][a-z]*[^\d]*\d+/.exec(version)?.[0]
  },
  reports: async (env) => {
    const page = await serve(await bundle("page.ts", []))
    const profile = mkdtempSync(join(tmpdir(), "bulk-operations-chromium-"))
    const executable = names.find((name) => versionOf(name) !== undefined) ?? "chromium"
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      `--user-data-dir=${profile}`
    ]
    const browser = spawn(executable, [...flags, `${page.origin}/?${new URLSearchParams(env)}`], { stdio: "ignore" })
    const exited = new Promise((resolve) => browser.once("exit", resolve))
    try {
      const late = AbortSignal.timeout(60_000)
      const timeout = new Promise<never>((_, reject) => late.addEventListener("abort", () => reject(late.reason)))
      return [JSON.parse(await Promise.race([page.report, timeout]))]
    } finally {
      browser.kill()
      await exited
      page.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
    }
  }
}
