/**
 * The official package, with the loop that one writes by hand: no deadline, and the first 502 that outlasts the
 * package's own retries ends it.
 */
import Cloudflare from "cloudflare"
import type { Run } from "../../bundle.ts"

export const run: Run = async ({ accountId, apiToken, baseUrl, operationId }) => {
  const client = new Cloudflare({ apiToken, baseURL: baseUrl })
  for (;;) {
    const operation = await client.rules.lists.bulkOperations.get(operationId, { account_id: accountId })
    if (operation.status === "completed") return operation
    if (operation.status === "failed") throw new Error(operation.error)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
