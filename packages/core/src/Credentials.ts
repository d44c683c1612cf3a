/**
 * Who is calling Cloudflare: an API token, or the email of an account with its global API key.
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

// What an HTTP header can carry. Anything else (the newline at the end of a secret file, most often) would make the
// transport fail with the secret in its message.
const headerValue = Schema.isPattern(/^[\x21-\x7e]+$/, {
  expected: "one or more printable ASCII characters without spaces"
})

/** An API token, as Cloudflare recommends. */
export const ApiToken = Schema.TaggedStruct("ApiToken", {
  token: Schema.Redacted(Schema.String.check(headerValue))
})
export type ApiToken = typeof ApiToken.Type

/** The email of a Cloudflare user with the global API key. */
export const GlobalKey = Schema.TaggedStruct("GlobalKey", {
  email: Schema.String.check(headerValue),
  key: Schema.Redacted(Schema.String.check(headerValue))
})
export type GlobalKey = typeof GlobalKey.Type

/** Either way to authenticate. */
export const Credentials = Schema.Union([ApiToken, GlobalKey]).pipe(Schema.toTaggedUnion("_tag"))
export type Credentials = typeof Credentials.Type

/**
 * Credentials from an API token.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Redacted } from "effect"
 *
 * String(Credentials.apiToken(Redacted.make("s3cret")).token) // => "<redacted>"
 */
export const apiToken = (token: Redacted.Redacted): ApiToken => ({ _tag: "ApiToken", token })

/** Credentials from the email of a Cloudflare user and the global API key. */
export const globalKey = (options: { readonly email: string; readonly key: Redacted.Redacted }): GlobalKey => ({
  _tag: "GlobalKey",
  ...options
})

/** The one part of the credentials that nobody may read. */
export const secret = (credentials: Credentials): string =>
  Redacted.value(credentials._tag === "ApiToken" ? credentials.token : credentials.key)

/** The headers that tell Cloudflare who is calling. */
export const headers = (credentials: Credentials): Record<string, string> =>
  credentials._tag === "ApiToken"
    ? { authorization: `Bearer ${Redacted.value(credentials.token)}` }
    : { "x-auth-email": credentials.email, "x-auth-key": Redacted.value(credentials.key) }
