/**
 * The official package, as small as it can be had: a client of one resource, one look.
 */
import { BaseBulkOperations } from "cloudflare/resources/rules/lists/bulk-operations"
import { createClient } from "cloudflare/tree-shakable"
import type { Run } from "../../program.ts"

export const run: Run = ({ accountId, apiToken, baseUrl, operationId }) =>
  createClient({ apiToken, baseURL: baseUrl, resources: [BaseBulkOperations] })
    .rules.lists.bulkOperations.get(operationId, { account_id: accountId })
