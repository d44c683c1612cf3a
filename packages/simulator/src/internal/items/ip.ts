/**
 * Addresses and networks: one canonical form for all ways to write one.
 *
 * Source of the ranges: developers.cloudflare.com/waf/tools/lists/custom-lists, which has /12 to /128 for IPv6 where
 * the OpenAPI schema of 2024 stopped at /64. Source of the form: an employee of Cloudflare says in
 * github.com/cloudflare/terraform-provider-cloudflare/pull/6534 that the API normalizes, and the provider shows how.
 */
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Refusals from "../refusals.ts"
import { comment, type Read } from "./newItem.ts"

export const Ip = Schema.Struct({ ip: Schema.String, ...comment })

const hex = (numbers: ReadonlyArray<number>, digits: number) =>
  numbers.map((number) => number.toString(16).padStart(digits, "0")).join("")

// By the address as a number, then by the length of the mask; IPv4 first.
const key = ({ address, prefixLength }: IpNetwork.IpNetwork): string =>
  NetAddress.isIpv4Address(address)
    ? `4${hex(NetAddress.ipv4ToOctets(address), 2)}${hex([prefixLength], 2)}`
    : `6${hex(NetAddress.ipv6ToSegments(address), 4)}${hex([prefixLength], 2)}`

const ranges = {
  32: { family: "IPv4", shortest: 8 },
  128: { family: "IPv6", shortest: 12 }
} as const

// Go's net package, which Cloudflare's own provider uses for addresses, accepts no leading zero in a prefix.
const prefixNumber = /^(0|[1-9]\d{0,2})$/

export const read: Read<typeof Ip.Type> = ({ comment, ip }, position) => {
  const refuse = (why: string) => Result.fail(Refusals.invalidValue("ip", position, why))
  const [text = "", prefix, ...rest] = ip.split("/")
  const parsed = NetAddress.ipFromString(text)
  if (Result.isFailure(parsed) || rest.length > 0 || (prefix !== undefined && !prefixNumber.test(prefix))) {
    return refuse("not an IP address or CIDR")
  }
  const address = parsed.success
  const width = NetAddress.width(address)
  const { family, shortest } = ranges[width]
  const length = prefix === undefined ? width : Number(prefix)
  if (length < shortest || length > width) {
    return refuse(`${family} CIDRs should have a prefix length from /${shortest} to /${width} inclusive`)
  }
  const network = IpNetwork.fromAddressUnsafe(address, length)
  return Result.succeed({
    value: { ip: length === width ? NetAddress.formatIp(address) : IpNetwork.format(network) },
    comment,
    key: key(network)
  })
}
