import { InvalidItems, ListItem } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"
import { Option, Result } from "effect"

const faults = (items: ReadonlyArray<ListItem.ListItem>) =>
  Option.getOrThrow(Result.getFailure(InvalidItems.check(items)))

/** The message where one item is right and so many are wrong. */
const messageOf = (count: number) =>
  faults([ListItem.ip("192.0.2.1"), ...Array.from({ length: count }, (_, index) => ListItem.ip(`x${index}`))])
    .message

describe("checking items", () => {
  it("returns them in Cloudflare's form", () => {
    assert.deepStrictEqual(
      InvalidItems.check([ListItem.ip("192.0.2.1/32"), ListItem.ip("192.0.2.2", { comment: "two" })]),
      Result.succeed([ListItem.ip("192.0.2.1"), ListItem.ip("192.0.2.2", { comment: "two" })])
    )
    assert.deepStrictEqual(InvalidItems.check([]), Result.succeed([]))
  })

  it("reports every invalid item with its position and reason, not only the first", () => {
    const error = faults([
      ListItem.ip("192.0.2.1"),
      ListItem.ip("x"),
      ListItem.ip("192.0.2.2"),
      ListItem.ip("10.0.0.0/7")
    ])
    assert.strictEqual(
      error.message,
      "2 of 4 items are wrong, so nothing was sent:\n" +
        "  position 1, \"x\": not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32\n" +
        "  position 3, \"10.0.0.0/7\": IPv4 networks go from /8 to /32, not /7"
    )
  })

  it("names both of two items that are the same to the list", () => {
    const { invalid } = faults([ListItem.ip("192.0.2.5/24"), ListItem.ip("x"), ListItem.ip("192.0.2.0/24")])
    assert.deepStrictEqual(invalid.at(1), {
      position: 2,
      item: "\"192.0.2.0/24\"",
      reason: "the same as the item at position 0"
    })
    assert.strictEqual(
      faults([ListItem.hostname("bücher.example"), ListItem.hostname("xn--bcher-kva.example")]).count,
      1
    )
    assert.strictEqual(
      faults(
        ["example.com", "example.com/"].map((source_url) =>
          ListItem.redirect({ source_url, target_url: "https://example.net/" })
        )
      ).count,
      1
    )
  })

  it("refuses mixed kinds, and another kind than the given one", () => {
    const mixed = faults([ListItem.ip("192.0.2.1"), ListItem.hostname("example.com")])
    assert.deepStrictEqual(mixed.invalid.map(({ reason }) => reason), ["of kind hostname among items of kind ip"])
    assert.isTrue(Result.isFailure(InvalidItems.check([ListItem.ip("192.0.2.1")], "asn")))
  })

  it("reports twenty items, and the number of the others", () => {
    const error = faults(Array.from({ length: 100_000 }, (_, index) => ListItem.ip(`x${index}`)))
    assert.lengthOf(error.invalid, 20)
    assert.strictEqual(error.count, 100_000)
    assert.match(error.message, /^100000 of 100000 items are wrong[^]*\n {2}and 99980 more$/)
  })

  it("counts one, and says how many more there are than twenty", () => {
    assert.match(messageOf(1), /^1 of 2 items is wrong/)
    assert.notMatch(messageOf(20), /more$/)
    assert.match(messageOf(21), / and 1 more$/)
  })

  it.each([
    ["x".repeat(80), `"${"x".repeat(80)}"`],
    ["x".repeat(81), `"${"x".repeat(80)}…"`],
    [`${"x".repeat(79)}😀`, `"${"x".repeat(79)}…"`],
    [`😀${"x".repeat(79)}`, `"😀${"x".repeat(78)}…"`],
    ["a\u202eb\u007fc\u001bd", "\"a\\u202eb\\u007fc\\u001bd\""]
  ])("quotes %j as %s", (written, quoted) => {
    assert.strictEqual(faults([ListItem.ip(written)]).invalid[0]?.item, quoted)
  })

  it("truncates long items, and removes control characters", () => {
    const error = faults([ListItem.ip(`\u001b[31m\u202e<html>\n${"x".repeat(10_000_000)}`)])
    assert.isBelow(error.message.length, 400)
    assert.notMatch(error.message.replace("\n  position", ""), /\p{C}/u)
  })
})
