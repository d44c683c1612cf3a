/** The key of a budget: a hash of the credentials and the base URL, because the key is stored elsewhere. */
import * as Redacted from "effect/Redacted"
import * as Credentials from "../../Credentials.ts"
import * as Sha256 from "./sha256.ts"

const known = new WeakMap<Credentials.Credentials, Map<string, string>>()

// The same key for every way to write a base URL.
const normalForm = (baseUrl: string) => (URL.canParse(baseUrl) ? new URL(baseUrl).href : baseUrl).replace(/[/?#]+$/, "")

const secretsOf = Credentials.Credentials.match({
  ApiToken: ({ token }) => ["token", Redacted.value(token)],
  GlobalKey: ({ email, key }) => ["key", email, Redacted.value(key)]
})

const hash = (credentials: Credentials.Credentials, baseUrl: string) =>
  Sha256.hex(JSON.stringify([
    "@bulk-operations/core/RequestBudget",
    normalForm(baseUrl),
    ...secretsOf(credentials)
  ]))

/** Equal for the same credentials and base URL in every process; it does not reveal them. */
export const of = (credentials: Credentials.Credentials, baseUrl: string): string => {
  const keys = known.get(credentials) ?? new Map<string, string>()
  known.set(credentials, keys)
  const key = keys.get(baseUrl) ?? hash(credentials, baseUrl)
  keys.set(baseUrl, key)
  return key
}
