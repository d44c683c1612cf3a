/**
 * The official package, as small as it can be had, with the loop that one writes by hand.
 */
import { BaseBulkOperations } from "cloudflare/resources/rules/lists/bulk-operations"
import { createClient } from "cloudflare/tree-shakable"
import type { Run } from "../../program.ts"

export const run: Run = async ({ accountId, apiToken, baseUrl, operationId }) => {
  const client = createClient({ apiToken, baseURL: baseUrl, resources: [BaseBulkOperations] })
  for (;;) {
    const operation = await client.rules.lists.bulkOperations.get(operationId, { account_id: accountId })
    if (operation.status === "completed") return operation
    if (operation.status === "failed") throw new Error(operation.error)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}
