/**
 * Hostnames, exact or with a wildcard for all names below.
 *
 * Source: the OpenAPI schema and developers.cloudflare.com/waf/tools/lists/custom-lists for what a hostname is;
 * github.com/cloudflare/terraform-provider-cloudflare/pull/5970, by an employee of Cloudflare, for the flag.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Refusals from "../refusals.ts"
import { comment, type Read } from "./newItem.ts"

export const Hostname = Schema.Struct({
  hostname: Schema.Struct({
    url_hostname: Schema.String,
    exclude_exact_hostname: Schema.optionalKey(Schema.Boolean)
  }),
  ...comment
})

const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
const fullyQualified = new RegExp(`^(\\*\\.)?(${label}\\.)+${label}$`)
const endsInNumber = /\.\d+$/

export const read: Read<typeof Hostname.Type> = ({ comment, hostname }, position) => {
  const refuse = (why: string) => Result.fail(Refusals.invalidValue("hostname", position, why))
  const url_hostname = hostname.url_hostname.toLowerCase()
  const isWildcard = url_hostname.startsWith("*.")
  if (url_hostname.length > 253 || !fullyQualified.test(url_hostname) || endsInNumber.test(url_hostname)) {
    return refuse("not a fully qualified hostname")
  }
  // Chosen: `false` has no meaning for a hostname without a wildcard, and is not stored.
  if (!isWildcard && hostname.exclude_exact_hostname === true) {
    return refuse("exclude_exact_hostname is for wildcard hostnames only")
  }
  const { exclude_exact_hostname = true } = hostname
  return Result.succeed({
    value: { hostname: isWildcard ? { url_hostname, exclude_exact_hostname } : { url_hostname } },
    comment,
    key: url_hostname
  })
}
