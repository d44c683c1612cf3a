/**
 * The official `cloudflare` package, which sends with Node's `fetch`.
 */
import Cloudflare from "cloudflare"
import { type Make, ofPromise } from "../../harness/contender.ts"
import { accountId, apiToken, check, operationId } from "../account.ts"

export const make: Make = ({ baseUrl = "" }) => {
  const client = new Cloudflare({ apiToken, baseURL: baseUrl })
  return ofPromise(async () => {
    check(await client.rules.lists.bulkOperations.get(operationId, { account_id: accountId }))
  })
}
