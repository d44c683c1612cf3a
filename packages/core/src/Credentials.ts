/** Credentials for Cloudflare: an API token, or a user's email with the global API key. */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * An API token or a global API key: letters, digits and `-._~+/=`, as in every bearer token (RFC 6750, section 2.1).
 *
 * Anything else, such as the line break at the end of a secret file or quotes from an `.env` file, is a mistake. It
 * would make the transport fail with the secret in its message.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Redacted, Schema } from "effect"
 *
 * const isSecret = Schema.is(Credentials.Secret)
 * isSecret(Redacted.make("v1.0-e24fd090c02efcfecb4de8f4ff246fd5c75b48946fdf0ce26c59f91d")) // => true
 * isSecret(Redacted.make("v1.0-e24f\n")) // => false
 */
export const Secret = Schema.Redacted(Schema.String).check(Schema.makeFilter(
  (secret) => /^[A-Za-z0-9._~+/=-]+$/.test(Redacted.value(secret)),
  { expected: "one or more letters, digits or -._~+/= (no spaces, quotes or line breaks)" }
))

/**
 * An email address that fits into the `X-Auth-Email` header.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Schema } from "effect"
 *
 * Schema.is(Credentials.Email)("ops@example.com ") // => false
 */
export const Email = Schema.String.check(Schema.isPattern(/^[\x21-\x7e]+$/, {
  expected: "one or more printable ASCII characters without spaces"
}))

/**
 * An API token, as Cloudflare recommends.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Redacted } from "effect"
 *
 * Credentials.ApiToken.make({ token: Redacted.make("s3cret") })._tag // => "ApiToken"
 */
export const ApiToken = Schema.TaggedStruct("ApiToken", {
  token: Secret
})
export type ApiToken = typeof ApiToken.Type

/**
 * The email of a Cloudflare user with the global API key.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Redacted } from "effect"
 *
 * Credentials.GlobalKey.make({ email: "ops@example.com", key: Redacted.make("s3cret") })._tag // => "GlobalKey"
 */
export const GlobalKey = Schema.TaggedStruct("GlobalKey", {
  email: Email,
  key: Secret
})
export type GlobalKey = typeof GlobalKey.Type

/**
 * Either way to authenticate.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Redacted } from "effect"
 *
 * const who = Credentials.Credentials.match({ ApiToken: () => "a token", GlobalKey: ({ email }) => email })
 * who(Credentials.apiToken(Redacted.make("s3cret"))) // => "a token"
 */
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

/**
 * Credentials from the email of a Cloudflare user and the global API key.
 *
 * @example
 * import { Credentials } from "@bulk-operations/core"
 * import { Redacted } from "effect"
 *
 * Credentials.globalKey({ email: "ops@example.com", key: Redacted.make("s3cret") }).email // => "ops@example.com"
 */
export const globalKey = (options: { readonly email: string; readonly key: Redacted.Redacted }): GlobalKey => ({
  _tag: "GlobalKey",
  ...options
})
