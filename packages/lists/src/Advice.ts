/** Finds items that look like a mistake although Cloudflare accepts them: worth a warning, not an error. */
import * as NetAddress from "effect/net/NetAddress"
import * as Order from "effect/Order"
import * as Result from "effect/Result"
import * as Address from "./internal/address.ts"
import * as Excerpt from "./internal/excerpt.ts"
import * as ListItem from "./ListItem.ts"

/** One item to check. */
export interface Advice {
  /** The position of the item, counted from 0. */
  readonly position: number
  /** The item as people know it, at most 80 characters long. */
  readonly item: string
  readonly advice: string
}

const isLocal = (address: NetAddress.IpAddress): boolean =>
  NetAddress.isLoopback(address) || NetAddress.isLinkLocal(address) || NetAddress.isUnspecified(address) ||
  (NetAddress.isIpv4Address(address) ? NetAddress.isPrivate(address) : NetAddress.isUniqueLocal(address))

const adviceFor = (item: ListItem.ListItem): string | undefined => {
  if (item.kind === "ip") {
    const network = Result.getOrUndefined(Address.parse(item.ip))
    return network !== undefined && isLocal(network.address)
      ? "a private address: Cloudflare receives no requests from it"
      : undefined
  }
  if (item.kind !== "hostname") return undefined
  const name = item.hostname.url_hostname
  if (Result.isSuccess(Address.parse(name))) return "an address, not a hostname: put it into a list of kind ip"
  return name.includes(".") ? undefined : "a name without a dot: a whole top-level domain, or a name of a local network"
}

interface Placed {
  readonly network: Address.Network
  readonly position: number
  /** Sort key of width and address: a network's members come right after it. */
  readonly order: string
}

const hex = (octet: number) => octet.toString(16).padStart(2, "0")

const place = (item: ListItem.ListItem, position: number): ReadonlyArray<Placed> => {
  const network = item.kind === "ip" ? Result.getOrUndefined(Address.parse(item.ip)) : undefined
  if (network === undefined) return []
  const first = Address.masked(network)
  const octets = NetAddress.isIpv4Address(first) ? NetAddress.ipv4ToOctets(first) : NetAddress.ipv6ToOctets(first)
  return [{ network, position, order: `${octets.length} ${Array.from(octets, hex).join("")} ${hex(network.bits)}` }]
}

const contains = (outer: Address.Network, { address }: Address.Network): boolean =>
  Address.format(outer) === Address.format({ address, bits: outer.bits })

const byOrder = Order.mapInput(Order.String, ({ order }: Placed) => order)

// A network's members come right after it, so only the widest open network has to be remembered.
const contained = (items: ReadonlyArray<ListItem.ListItem>): ReadonlyArray<readonly [Placed, Placed]> => {
  let outer: Placed | undefined
  return items.flatMap(place).toSorted(byOrder).flatMap((inner): ReadonlyArray<readonly [Placed, Placed]> => {
    if (outer !== undefined && contains(outer.network, inner.network)) return [[inner, outer]]
    outer = inner
    return []
  })
}

/**
 * Everything that looks like a mistake, in the order of the items: private addresses, addresses within a network of the
 * same list, hostnames without a dot, and hostnames that are addresses.
 *
 * @example
 * import { Advice, ListItem } from "@bulk-operations/lists"
 *
 * const items = ["198.51.100.0/24", "192.168.1.1", "198.51.100.97"].map((address) => ListItem.ip(address))
 * const [local, nested] = Advice.of(items)
 * local?.advice // => "a private address: Cloudflare receives no requests from it"
 * nested?.advice // => "is within 198.51.100.0/24, which is also in the list"
 */
export const of = (items: ReadonlyArray<ListItem.ListItem>): ReadonlyArray<Advice> => {
  const advice = items.flatMap((item, position): ReadonlyArray<Advice> => {
    const advice = adviceFor(item)
    return advice === undefined ? [] : [{ position, item: Excerpt.quoted(ListItem.show(item)), advice }]
  })
  const nested = contained(items).map(([inner, outer]): Advice => ({
    position: inner.position,
    item: Excerpt.quoted(Address.format(inner.network)),
    advice: `is within ${Address.format(outer.network)}, which is also in the list`
  }))
  return [...advice, ...nested].toSorted((a, b) => a.position - b.position)
}
