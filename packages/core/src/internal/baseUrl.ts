/** The URL of the API. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** A base URL as users write it. */
export const BaseUrl = Schema.String.check(Schema.makeFilter<string>(
  (text) => {
    if (!URL.canParse(text)) return false
    const { hash, password, protocol, search, username } = new URL(text)
    return /^https?:/.test(protocol) && [hash, password, search, username].every((part) => part === "")
  },
  { expected: "an http or https URL without credentials, query or hash" }
))

const decode = Schema.decodeUnknownResult(BaseUrl)

/** The normalized base URL, or what is wrong with it. */
export const parse = (text: string): Result.Result<URL, string> =>
  Result.mapBoth(decode(text), { onSuccess: toNormalForm, onFailure: ({ message }) => message })

// `https://host/v4?` has an empty query, but a path appended to it would become one.
const toNormalForm = (baseUrl: string) => {
  const { origin, pathname } = new URL(baseUrl)
  return new URL(origin + pathname)
}
