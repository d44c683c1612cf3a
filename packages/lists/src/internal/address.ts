/**
 * Addresses and networks of an ip list, in Cloudflare's normalized form.
 *
 * Sources: developers.cloudflare.com/waf/tools/lists/custom-lists for the ranges (/8 to /32, /12 to /128); Cloudflare's
 * Terraform provider, `cidr_validator.go`, for the normal form, which is that of Go's `net.IPNet`.
 */
import * as NetAddress from "effect/net/NetAddress"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** An address with the length of its network prefix. */
export interface Network {
  readonly address: NetAddress.IpAddress
  readonly bits: number
}

const pattern = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/

const ipv4Number = (address: NetAddress.Ipv4Address) => {
  const [a, b, c, d] = NetAddress.ipv4ToOctets(address)
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}

const ipv4Masked = (address: NetAddress.Ipv4Address, bits: number) => {
  if (bits >= 32) return address
  const number = bits === 0 ? 0 : (ipv4Number(address) >>> (32 - bits)) << (32 - bits)
  return NetAddress.ipv4FromBytesUnsafe(
    Uint8Array.of((number >>> 24) & 0xff, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff)
  )
}

const ipv6Masked = (address: NetAddress.Ipv6Address, bits: number) =>
  bits >= 128 ? address : NetAddress.ipv6FromBytesUnsafe(
    Uint8Array.from(
      NetAddress.ipv6ToOctets(address),
      (octet, index) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * index)))
    )
  )

/** The first address of a network. */
export const masked = ({ address, bits }: Network): NetAddress.IpAddress =>
  NetAddress.isIpv4Address(address) ? ipv4Masked(address, bits) : ipv6Masked(address, bits)

/** Parses a text, without the bits behind the prefix, or returns why it is not an address. */
export const parse = (text: string): Result.Result<Network, string> => {
  const [, host = "", prefix] = pattern.exec(text) ?? []
  const parsed = NetAddress.ipFromString(host)
  if (Result.isFailure(parsed)) {
    return Result.fail("not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32")
  }
  const width = NetAddress.width(parsed.success)
  const bits = prefix === undefined ? width : Number(prefix)
  if (bits > width) return Result.fail(`the prefix /${bits} is longer than the address`)
  // Go reads `::ffff:192.0.2.1` as 192.0.2.1, and so do Cloudflare's own tools.
  const mapped = NetAddress.isIpv6Address(parsed.success) && bits >= 96
    ? NetAddress.fromIpv4Mapped(parsed.success)
    : Option.none()
  return Result.succeed(
    Option.match(mapped, {
      onNone: () => ({ address: parsed.success, bits }),
      onSome: (address): Network => ({ address, bits: bits - 96 })
    })
  )
}

/** The normal form of a network; a single address has no prefix. */
export const format = (network: Network): string => {
  const text = NetAddress.formatIp(masked(network))
  return network.bits === NetAddress.width(network.address) ? text : `${text}/${network.bits}`
}

const shortest = { 32: 8, 128: 12 } as const

/** The normal form of an address or network, or why Cloudflare refuses it. */
export const normalize = (text: string): Result.Result<string, string> =>
  Result.flatMap(parse(text), (network) => {
    const width = NetAddress.width(network.address)
    const least = shortest[width]
    return network.bits < least
      ? Result.fail(`${width === 32 ? "IPv4" : "IPv6"} networks go from /${least} to /${width}, not /${network.bits}`)
      : Result.succeed(format(network))
  })
