import { Advice, ListItem } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"

const advise = (...addresses: ReadonlyArray<string>) =>
  Advice.of(addresses.map((address) => ListItem.ip(address))).map(({ advice, position }) => `${position} ${advice}`)

describe("advice", () => {
  it("is given for addresses that no visitor can have", () => {
    assert.match(
      advise("192.0.2.1", "192.168.1.1", "10.0.0.0/8", "fd00::/16", "::1").join("\n"),
      /^1 a .*\n2 .*\n3 .*\n4 /
    )
  })

  it("is given for items within a network of the list, in any order and family", () => {
    assert.deepStrictEqual(
      advise("203.0.113.9", "2001:db8:1::/48", "203.0.113.0/24", "2001:db8::/32", "203.0.113.0/25"),
      [
        "0 is within 203.0.113.0/24, which is also in the list",
        "1 is within 2001:db8::/32, which is also in the list",
        "4 is within 203.0.113.0/24, which is also in the list"
      ]
    )
    assert.deepStrictEqual(advise("203.0.113.0/24", "203.0.114.0", "203.0.112.255", "2001:db8::"), [])
  })

  it("is given once for networks that are there twice, in the order of the items", () => {
    assert.deepStrictEqual(advise("203.0.113.0/24", "203.0.113.7/24", "198.51.100.1", "0.0.0.0/0").toSorted(), [
      "0 is within 0.0.0.0/0, which is also in the list",
      "1 is within 0.0.0.0/0, which is also in the list",
      "2 is within 0.0.0.0/0, which is also in the list",
      "3 a private address: Cloudflare receives no requests from it"
    ])
    assert.deepStrictEqual(advise("203.0.113.0/24", "203.0.113.7/24", "198.51.100.1"), [
      "1 is within 203.0.113.0/24, which is also in the list"
    ])
  })

  it("is given whatever the octets, and for no address of the other family", () => {
    assert.deepStrictEqual(advise("16.0.0.0/8", "1.0.0.0/8", "16.1.1.1", "8.8.8.8", "1.1.1.1"), [
      "2 is within 16.0.0.0/8, which is also in the list",
      "4 is within 1.0.0.0/8, which is also in the list"
    ])
    assert.deepStrictEqual(advise("8.8.8.0/24", "808:801::", "808::/16", "8.8.9.9"), [
      "1 is within 808::/16, which is also in the list"
    ])
  })

  it("is given for nothing that is no address, and for items of the other kinds neither", () => {
    assert.deepStrictEqual(advise("x", "x", "203.0.113.0/24"), [])
    assert.deepStrictEqual(
      Advice.of([
        ListItem.asn(1),
        ListItem.redirect({ source_url: "localhost/", target_url: "https://example.net/" }),
        ListItem.hostname("example.com")
      ]),
      []
    )
  })

  it("is given for hostnames without a dot, and for addresses as hostnames", () => {
    assert.deepStrictEqual(
      Advice.of(["be", "example.be", "192.0.2.1", "1.2.3"].map((name) => ListItem.hostname(name))),
      [
        {
          position: 0,
          item: "\"be\"",
          advice: "a name without a dot: a whole top-level domain, or a name of a local network"
        },
        { position: 2, item: "\"192.0.2.1\"", advice: "an address, not a hostname: put it into a list of kind ip" }
      ]
    )
  })

  it("is given in a second for 100,000 items", () => {
    const items = Array.from({ length: 100_000 }, (_, n) => ListItem.ip(`11.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`))
    const began = performance.now()
    assert.lengthOf(Advice.of([...items, ListItem.ip("11.0.0.0/16")]), 65_536)
    assert.isBelow(performance.now() - began, 5000)
  })
})
