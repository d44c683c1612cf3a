/**
 * Node's own `fetch` and `json()`, nothing checked.
 */
import { type Make, ofPromise } from "../../harness/contender.ts"
import { apiToken, check, urlOf } from "../account.ts"

export const make: Make = ({ baseUrl = "" }) => {
  const url = urlOf(baseUrl)
  const headers = { authorization: `Bearer ${apiToken}` }
  return ofPromise(async () => {
    const response = await fetch(url, { headers })
    const body: unknown = await response.json()
    check(resultOf(body))
  })
}

const resultOf = (body: unknown) => Object(body).result
