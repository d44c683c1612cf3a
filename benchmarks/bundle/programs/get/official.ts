/**
 * The official package: one poll.
 */
import Cloudflare from "cloudflare"
import type { Run } from "../../bundle.ts"

export const run: Run = ({ accountId, apiToken, baseUrl, operationId }) =>
  new Cloudflare({ apiToken, baseURL: baseUrl }).rules.lists.bulkOperations.get(operationId, { account_id: accountId })
