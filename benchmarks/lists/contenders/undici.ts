/**
 * The floor: `undici.request` and `JSON.parse`, page after page, nothing checked.
 */
import { request } from "undici"
import type { Make } from "../../harness/contender.ts"
import { accountId, apiToken, check } from "../account.ts"

interface Page {
  readonly result: ReadonlyArray<object>
  readonly result_info: { readonly cursors: { readonly after?: string } }
}

export const make: Make = ({ baseUrl = "" }) => {
  const headers = { authorization: `Bearer ${apiToken}` }
  return {
    run: async (count) => {
      const url = `${baseUrl}/accounts/${accountId}/rules/lists/${count}/items?per_page=500`
      let seen = 0
      for (let after: string | undefined = ""; after !== undefined;) {
        const { body } = await request(after === "" ? url : `${url}&cursor=${after}`, { headers })
        const page: Page = JSON.parse(await body.text())
        for (const item of page.result) if ("ip" in item) seen++
        after = page.result_info.cursors.after
      }
      check(seen, count)
    }
  }
}
