/**
 * The floor: `undici.request` and `JSON.parse`, nothing checked.
 */
import { request } from "undici"
import { type Make, ofPromise } from "../../harness/contender.ts"
import { apiToken, check, urlOf } from "../account.ts"

export const make: Make = ({ baseUrl = "" }) => {
  const url = urlOf(baseUrl)
  const headers = { authorization: `Bearer ${apiToken}` }
  return ofPromise(async () => {
    const { body } = await request(url, { headers })
    check(JSON.parse(await body.text()).result)
  })
}
