import { Advice, ListItem } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"

const advise = (...addresses: ReadonlyArray<string>) =>
  Advice.of(addresses.map((address) => ListItem.ip(address))).map(({ advice, position }) => `${position} ${advice}`)

describe("advice", () => {
  it("is given for addresses that no visitor has", () => {
    assert.match(
      advise("192.0.2.1", "192.168.1.1", "10.0.0.0/8", "fd00::/16", "::1").join("\n"),
      /^1 a .*\n2 .*\n3 .*\n4 /
    )
  })

  it("is given for what lies in a network of the list, in whatever order and family", () => {
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

  it("is given for names without a dot, and for addresses in their place", () => {
    assert.deepStrictEqual(
      Advice.of(["be", "example.be", "192.0.2.1", "1.2.3"].map((name) => ListItem.hostname(name))).map(({ item }) =>
        item
      ),
      ["\"be\"", "\"192.0.2.1\""]
    )
  })

  it("is given in a second for 100,000 items", () => {
    const items = Array.from({ length: 100_000 }, (_, n) => ListItem.ip(`11.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`))
    const began = performance.now()
    assert.lengthOf(Advice.of([...items, ListItem.ip("11.0.0.0/16")]), 65_536)
    assert.isBelow(performance.now() - began, 5000)
  })
})
