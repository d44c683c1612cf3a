/**
 * The official `cloudflare` package's auto-pagination, nothing checked.
 */
import Cloudflare from "cloudflare"
import type { Make } from "../../harness/contender.ts"
import { accountId, apiToken, check } from "../account.ts"

export const make: Make = ({ baseUrl = "", perPage }) => {
  const { rules } = new Cloudflare({ apiToken, baseURL: baseUrl })
  const pages = perPage === undefined ? {} : { per_page: Number(perPage) }
  return {
    run: async (count) => {
      let seen = 0
      for await (const item of rules.lists.items.list(String(count), { account_id: accountId, ...pages })) {
        if ("ip" in item) seen++
      }
      check(seen, count)
    }
  }
}
