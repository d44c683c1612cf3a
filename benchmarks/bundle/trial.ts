/**
 * Runs bundles against a server on loopback, so that nothing counts as small because it does not work.
 */
import { createServer } from "node:http"
import { accountId, apiToken } from "../status/account.ts"
import type { Run } from "./program.ts"

/** Must come to this status when it is run. */
export interface Trial {
  readonly code: string
  readonly status: "running" | "completed"
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

const load = async (code: string): Promise<Run> => {
  const { run }: { readonly run: Run } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return run
}

/** Fails unless all of them work. */
export const pass = async (trials: ReadonlyArray<Trial>): Promise<void> => {
  const server = counterpart()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  const baseUrl = `http://127.0.0.1:${address.port}`
  try {
    await Promise.all(trials.map(async ({ code, status }, index) => {
      const run = await load(code)
      const operation = await run({ baseUrl, apiToken, accountId, operationId: index.toString(16).padStart(32, "0") })
      if (operation.status !== status) throw new Error(`${operation.status} instead of ${status}`)
    }))
  } finally {
    server.close()
    server.closeAllConnections()
  }
}
