/** Single values as people write them, for the kinds with only one value. */
import * as Result from "effect/Result"
import * as ListItem from "../../ListItem.ts"

const headers: Readonly<Record<ListItem.ListKind, RegExp>> = {
  ip: /^(ip|ip[ _-]?address(es)?|address(es)?|cidrs?|networks?|prefix(es)?|ranges?|value)$/i,
  redirect: /^(source|source[ _-]?url|from|url|old[ _-]?url)$/i,
  hostname: /^(host|host[ _-]?names?|domains?|domain[ _-]?names?|value)$/i,
  asn: /^(asn?|asn?[ _-]?(number|no\.?)|number|value)$/i
}

/** Whether the first value of a file is a column name. Cloudflare's forms have none, but other files do. */
export const isHeader = (kind: ListItem.ListKind, value: string): boolean => headers[kind].test(value)

/** Accepts `AS15169` in any case. */
const readAsn = (value: string, options: ListItem.Options): Result.Result<ListItem.ListItem, string> => {
  const [, digits] = /^(?:asn?\s*)?(\d+)$/i.exec(value) ?? []
  return digits === undefined
    ? Result.fail("not an AS number, such as 15169 or AS15169")
    : Result.succeed(ListItem.asn(Number(digits), options))
}

/** The item of a value. */
export const read = (
  kind: ListItem.ListKind,
  value: string,
  comment?: string
): Result.Result<ListItem.ListItem, string> => {
  const options = { comment }
  switch (kind) {
    case "ip":
      return Result.succeed(ListItem.ip(value, options))
    case "hostname":
      return Result.succeed(ListItem.hostname(value, options))
    case "asn":
      return readAsn(value, options)
    case "redirect":
      return Result.fail("a redirect needs a source and a target")
  }
}
