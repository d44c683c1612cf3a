/**
 * Names of a hostname list, in Cloudflare's normalized form.
 *
 * Sources: developers.cloudflare.com/waf/tools/lists/custom-lists and the OpenAPI schema for the characters;
 * Cloudflare's Terraform provider for `*.` in front. Punycode for names in other alphabets is documented for Gateway
 * lists only.
 */
import * as Result from "effect/Result"

const ascii = /^[\x20-\x7e]*$/

// In every runtime, only URL implements IDNA. It is not used for ASCII names, because it would turn `0x7f.1` into an
// address.
const toPunycode = (name: string): Result.Result<string, string> => {
  if (ascii.test(name)) return Result.succeed(name.toLowerCase())
  if (/[\s\p{C}%/?#@:[\]\\]/u.test(name) || !URL.canParse(`http://${name}/`)) return Result.fail("not a hostname")
  return Result.succeed(new URL(`http://${name}/`).hostname)
}

const unusual = (name: string): string | undefined => {
  if (name === "") return "an empty hostname"
  if (name.includes("://")) return "a URL, not a hostname: leave out the scheme and the path"
  if (name.includes("/")) return "a path: leave out the slash and what follows it"
  if (name.endsWith(".")) return "remove the dot at the end"
  const other = /[^a-z0-9.*-]/i.exec(name)
  if (other !== null) return `a hostname cannot contain the character ${JSON.stringify(other[0])}`
  const labels = name.replace(/^\*\./, "").split(".")
  if (labels.includes("")) return "two dots with nothing between them, or a dot in front"
  if (labels.some((label) => label.includes("*"))) return "a wildcard goes in front only, as in *.example.com"
  if (name.length > 253) return "longer than 253 characters"
  return labels.some((label) => label.length > 63) ? "a part between dots is longer than 63 characters" : undefined
}

const isWildcard = (name: string) => name.startsWith("*.")

const normalizeName = (text: string): Result.Result<string, string> => {
  const wildcard = isWildcard(text) ? "*." : ""
  return Result.flatMap(toPunycode(text.slice(wildcard.length)), (name) => {
    const reason = unusual(wildcard + name)
    return reason === undefined ? Result.succeed(wildcard + name) : Result.fail(reason)
  })
}

export interface Hostname {
  readonly url_hostname: string
  readonly exclude_exact_hostname?: boolean
}

/** The normal form of a hostname, or why Cloudflare refuses it. */
export const normalize = ({ exclude_exact_hostname, url_hostname }: Hostname): Result.Result<Hostname, string> =>
  Result.flatMap(normalizeName(url_hostname), (name): Result.Result<Hostname, string> => {
    if (isWildcard(name)) {
      return Result.succeed({ url_hostname: name, exclude_exact_hostname: exclude_exact_hostname ?? true })
    }
    return exclude_exact_hostname === true
      ? Result.fail("exclude_exact_hostname is for names with *. in front")
      : Result.succeed({ url_hostname: name })
  })

/** Equal for two hostnames that are the same to a list. */
export const key = ({ url_hostname }: Hostname): string =>
  Result.getOrElse(normalizeName(url_hostname), () => url_hostname)

const excludesExact = ({ exclude_exact_hostname, url_hostname }: Hostname) =>
  exclude_exact_hostname ?? isWildcard(url_hostname)

/** Whether two hostnames with the same key mean the same. */
export const same = (self: Hostname, that: Hostname): boolean => excludesExact(self) === excludesExact(that)
