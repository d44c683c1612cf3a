import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { type Kind, matches, type Value } from "../../../src/internal/items/newItem.ts"
import * as ReadItems from "../../../src/internal/items/readItems.ts"

const read = (kind: Kind, items: unknown) =>
  Result.match(ReadItems.read(kind, items), {
    onFailure: ({ error: { code, message } }): ReadonlyArray<unknown> => [code, message],
    onSuccess: (read) => read.map(({ value }) => value)
  })

const code = (kind: Kind, items: unknown) =>
  Result.match(ReadItems.read(kind, items), { onFailure: ({ error }) => error.code, onSuccess: () => "accepted" })

const ip = (ip: string) => ({ ip })

const storedAs = (written: string) => read("ip", [ip(written)])

const number = (octets: ReadonlyArray<number>) => octets.reduce((sum, octet) => sum * 256 + octet, 0)

describe("an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1/32", "192.0.2.1"],
    ["192.168.1.5/24", "192.168.1.0/24"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["192.0.2.255/31", "192.0.2.254/31"],
    ["::1/128", "::1"],
    ["f::1/64", "f::/64"],
    ["0f::", "f::"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8::ffff/12", "2000::/12"]
  ])("%s is stored as %s", (written, stored) => {
    assert.deepStrictEqual(storedAs(written), [ip(stored)])
    assert.deepStrictEqual(storedAs(stored), [ip(stored)])
  })

  it("that is invalid is refused with its position", () => {
    const message = "invalid value for ip at position 1: filters.api.not an IP address or CIDR"
    const wrong = ["", "192.0.2", "192.0.2.256", "192.0.2.1/", "192.0.2.1/8/8", "2001:", "192.0.2.1/-8", "192.0.2.1/x8"]
    wrong.push("192.0.2.1/8.5", "192.0.2.1/ 8", " 192.0.2.1", "192.0.2.4/08", "192.0.2.01", "fe80::1%eth0", "1/1000")
    for (const value of wrong) {
      assert.deepStrictEqual(read("ip", [ip("192.0.2.1"), ip(value)]), [10035, message], value)
    }
  })

  it.each([
    ["10.0.0.0/8", "10.0.0.0/7", "IPv4 CIDRs should have a prefix length from /8 to /32 inclusive"],
    ["192.0.2.1/32", "192.0.2.1/33", "IPv4 CIDRs should have a prefix length from /8 to /32 inclusive"],
    ["2000::/12", "2001:db8::/11", "IPv6 CIDRs should have a prefix length from /12 to /128 inclusive"],
    ["2000::/128", "2001:db8::/129", "IPv6 CIDRs should have a prefix length from /12 to /128 inclusive"],
    ["192.0.2.1", "192.0.2.1/0", "IPv4 CIDRs should have a prefix length from /8 to /32 inclusive"]
  ])("has a prefix in range: %s, and not %s", (right, wrong, why) => {
    assert.strictEqual(code("ip", [ip(right)]), "accepted")
    assert.deepStrictEqual(read("ip", [ip(wrong)]), [10035, `invalid value for ip at position 0: filters.api.${why}`])
  })

  it.each([
    ["192.0.2.1", "192.0.2.1/32", "192.0.2.1"],
    ["192.0.2.5/24", "192.0.2.0/24", "192.0.2.0/24"],
    ["2001:db8::1", "2001:DB8:0::1/128", "2001:db8::1"]
  ])("is the same however it is written: %s and %s", (one, other, stored) => {
    const message = `${stored} is not a valid value for ip because filters.api.duplicate_item_value`
    assert.deepStrictEqual(read("ip", [ip(one), ip(other)]), [10028, message])
  })

  it("with another prefix length is another item", () => {
    assert.strictEqual(code("ip", [ip("192.0.2.0/24"), ip("192.0.2.0/25"), ip("192.0.2.0")]), "accepted")
    assert.strictEqual(code("ip", [ip("2001:db8::/32"), ip("2001:db8::/33"), ip("2001:db8::")]), "accepted")
  })

  const Octet = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
  const Octets = Schema.Tuple([Octet, Octet, Octet, Octet])
  const Addresses = Schema.Array(Octets).check(Schema.isMaxLength(8))

  it.prop("is sorted by number", [Addresses], ([addresses]) => {
    const unique = [...new Map(addresses.map((octets) => [number(octets), octets])).values()]
    const items = Result.getOrThrow(ReadItems.read("ip", unique.map((octets) => ip(octets.join(".")))))
    const sorted = items.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(({ value }) => value)
    const expected = unique.toSorted((a, b) => number(a) - number(b)).map((octets) => ip(octets.join(".")))
    assert.deepStrictEqual<ReadonlyArray<Value>>(sorted, expected)
    return true
  })
})

const hostname = (url_hostname: string, exclude_exact_hostname?: boolean) => ({
  hostname: exclude_exact_hostname === undefined ? { url_hostname } : { url_hostname, exclude_exact_hostname }
})

describe("a hostname", () => {
  it.each([
    [hostname("Example.COM"), hostname("example.com")],
    [hostname("xn--bcher-kva.example"), hostname("xn--bcher-kva.example")],
    [hostname("a-1.b.example.com"), hostname("a-1.b.example.com")],
    [hostname("1.2.example.com"), hostname("1.2.example.com")],
    [hostname("example.1com"), hostname("example.1com")],
    [hostname("*.example.com"), hostname("*.example.com", true)],
    [hostname("*.example.com", true), hostname("*.example.com", true)],
    [hostname("*.example.com", false), hostname("*.example.com", false)],
    [hostname("example.com", false), hostname("example.com")]
  ])("%j is stored as %j", (written, stored) => {
    assert.deepStrictEqual(read("hostname", [written]), [stored])
  })

  it("that is not fully qualified, or has other characters, is refused with its position", () => {
    const wrong = ["", "*", "localhost", "com", "a.*.example", "exa mple.com", "bücher.example", "-a.example"]
    wrong.push("https://example.com", "example.com/", "a..example", `${"a".repeat(64)}.example`, "example.com.")
    wrong.push(
      "1.2.3.4",
      "1.2.3.44",
      "example.12",
      "a-.example",
      "a_b.example",
      ".example.com",
      `${"a.".repeat(126)}ab`
    )
    const message = "invalid value for hostname at position 0: filters.api.not a fully qualified hostname"
    for (const value of wrong) {
      assert.deepStrictEqual(read("hostname", [hostname(value)]), [10035, message], value)
    }
  })

  it("may have 253 characters, and 63 in a label", () => {
    assert.strictEqual(code("hostname", [hostname(`${"a.".repeat(126)}a`)]), "accepted")
    assert.strictEqual(code("hostname", [hostname(`${"a".repeat(63)}.example`)]), "accepted")
  })

  it("is refused with missing, unknown or mistyped keys", () => {
    const wrong: ReadonlyArray<object> = [
      { url_hostname: 1 },
      {},
      { url_hostname: "example.com", extra: 1 },
      { url_hostname: "*.example.com", exclude_exact_hostname: "yes" }
    ]
    for (const value of wrong) assert.strictEqual(code("hostname", [{ hostname: value }]), 10026)
    assert.strictEqual(code("hostname", [{ hostname: "example.com" }]), 10026)
  })

  it("without a wildcard cannot have exclude_exact_hostname", () => {
    const message =
      "invalid value for hostname at position 0: filters.api.exclude_exact_hostname is for wildcard hostnames only"
    assert.deepStrictEqual(read("hostname", [hostname("example.com", true)]), [10035, message])
  })

  it("is the same item in upper case", () => {
    const message = "a.example is not a valid value for hostname because filters.api.duplicate_item_value"
    assert.deepStrictEqual(read("hostname", [hostname("a.example"), hostname("A.example")]), [10028, message])
  })
})

describe("an ASN", () => {
  it("is an integer of 32 bits, and not 0", () => {
    for (const asn of [1, 4_294_967_295]) assert.deepStrictEqual(read("asn", [{ asn }]), [{ asn }])
    for (const asn of [-1, 0, 4_294_967_296]) {
      const message = "invalid value for asn at position 0: filters.api.ASNs should be from 1 to 4294967295 inclusive"
      assert.deepStrictEqual(read("asn", [{ asn }]), [10035, message])
    }
    assert.strictEqual(code("asn", [{ asn: 1.5 }]), 10026)
    assert.strictEqual(code("asn", [{ asn: "1" }]), 10026)
  })

  it("is sorted by number", () => {
    const items = Result.getOrThrow(ReadItems.read("asn", [{ asn: 100_000 }, { asn: 99_999 }, { asn: 4_200_000_000 }]))
    const keys = items.map(({ key }) => key)
    assert.deepStrictEqual(keys.toSorted(), [keys[1], keys[0], keys[2]])
  })

  it("is named as a number if a write contains it twice", () => {
    const message = "64496 is not a valid value for asn because filters.api.duplicate_item_value"
    assert.deepStrictEqual(read("asn", [{ asn: 64_496 }, { asn: 64_496 }]), [10028, message])
  })
})

const redirect = (source_url: string, more: object = {}) => ({
  redirect: { source_url, target_url: "https://example.net/new", ...more }
})

const flags = {
  include_subdomains: false,
  preserve_path_suffix: false,
  preserve_query_string: false,
  status_code: 301,
  subpath_matching: false
}

const long = (length: number, start: string) => start + "a".repeat(length - start.length)

describe("a redirect", () => {
  it.each([
    ["example.com", "example.com/"],
    ["https://example.com", "https://example.com/"],
    ["HTTP://Example.COM/Path", "http://example.com/Path"],
    ["example.com/a/b", "example.com/a/b"]
  ])("from %s is stored as one from %s, with all flags", (written, stored) => {
    assert.deepStrictEqual(read("redirect", [redirect(written)]), [redirect(stored, flags)])
  })

  it("keeps the flags that were written", () => {
    const on = { include_subdomains: true, preserve_path_suffix: true, subpath_matching: true, status_code: 308 }
    const written = redirect("example.com/a", { ...flags, ...on })
    assert.deepStrictEqual(read("redirect", [written]), [written])
  })

  const subpaths = { subpath_matching: true }

  it.each([
    [redirect(""), 10045],
    [redirect("*.example.com/"), 10045],
    [redirect("exa mple.com/"), 10045],
    [redirect("example.com/a b"), 10045],
    [redirect("example..com/"), 10045],
    [redirect("example.com:port/"), 10045],
    [redirect(`example.com${"/a".repeat(16)}`, subpaths), "accepted"],
    [redirect(`example.com${"/a".repeat(17)}`, subpaths), 10045],
    [redirect(`example.com${"/a".repeat(17)}`), "accepted"],
    [redirect("example.com/*"), "accepted"],
    [redirect("example.com/a:b@c"), "accepted"],
    [redirect("example.com/a", { target_url: "https://" }), 10046],
    [redirect("example.com/a", { target_url: "https:/example.net" }), 10046],
    [redirect("example.com/a", { target_url: "http:/example.net" }), 10046],
    [redirect("example.com/a", { target_url: "https://?a=b" }), 10046],
    [redirect("example.com/a", { target_url: "https://example.net/a b" }), 10046],
    [redirect("example.com/a", { target_url: "magnet:" }), 10046],
    [redirect("example.com/a", { target_url: "magnet:?xt=urn:btih:2bd9" }), "accepted"],
    [redirect("example.com/a", { target_url: "magnet:?xs=https:a" }), "accepted"],
    [redirect("example.com/a", { target_url: "HTTPS://user@example.net:8443/a#b" }), "accepted"],
    [redirect("example.com/a", { status_code: 303 }), 10047],
    [redirect("example.com/a", { status_code: 301 }), "accepted"],
    [redirect("example.com/a", { status_code: 302 }), "accepted"],
    [redirect("example.com/a", { status_code: 307 }), "accepted"],
    [redirect("example.com/a", { status_code: 308 }), "accepted"],
    [redirect("example.com/a", { preserve_path_suffix: true }), 10048],
    [redirect("example.com/a", { preserve_path_suffix: true, subpath_matching: false }), 10048],
    [redirect("example.com/a", { preserve_path_suffix: true, subpath_matching: true }), "accepted"],
    [redirect("ftp://example.com/"), 10049],
    [redirect("://example.com/"), 10049],
    [redirect("user@example.com/"), 10050],
    [redirect("https://user:secret@example.com/"), 10050],
    [redirect("http:///path"), 10051],
    [redirect("/path"), 10051],
    [redirect("http:/example.com/"), 10051],
    [redirect("example.com:8081/"), 10052],
    [redirect("https://example.com:/"), 10052],
    [redirect("example.com/?q=1"), 10053],
    [redirect("example.com?q=1#x"), 10053],
    [redirect("example.com/#x"), 10054],
    [redirect("example.com/#x?y"), 10054],
    [redirect("example.com/a", { preserve_query_string: true, target_url: "https://example.net/b?x=1" }), 10055],
    [redirect("example.com/a", { preserve_query_string: true, target_url: "https://example.net/b#?" }), "accepted"],
    [redirect("example.com/a", { target_url: "https://example.net/b?x=1" }), "accepted"],
    [redirect("example.com/a", { target_url: "example.net/b" }), 10060],
    [redirect("example.com/a", { target_url: "example.net:8080/b" }), 10060],
    [redirect("example.com/a", { target_url: "/new" }), 10060],
    [redirect("example.com/a", { target_url: "" }), 10060]
  ])("%j: %s", (written, expected) => {
    assert.strictEqual(code("redirect", [written]), expected)
  })

  it("is refused with missing, unknown or mistyped keys", () => {
    const wrong: ReadonlyArray<object> = [
      { redirect: "example.com" },
      { redirect: {} },
      { redirect: { source_url: "example.com" } },
      { ...redirect("example.com"), extra: 1 },
      redirect("example.com", { extra: 1 }),
      redirect("example.com", { target_url: 1 }),
      redirect("example.com", { status_code: "301" }),
      redirect("example.com", { include_subdomains: "yes" })
    ]
    for (const value of wrong) assert.strictEqual(code("redirect", [value]), 10026, JSON.stringify(value))
  })

  it("has URLs of up to 32,768 characters", () => {
    const to = (length: number) => ({ target_url: long(length, "https://example.net/") })
    assert.strictEqual(code("redirect", [redirect(long(32_768, "example.com/"))]), "accepted")
    assert.strictEqual(code("redirect", [redirect(long(32_769, "example.com/"))]), 10043)
    assert.strictEqual(code("redirect", [redirect("example.com/a", to(32_768))]), "accepted")
    assert.strictEqual(code("redirect", [redirect("example.com/a", to(32_769))]), 10044)
  })

  it("is refused in the words of Cloudflare's documentation", () => {
    const faults = [redirect("ftp://a.example/"), redirect("a.example", { target_url: "b.example" })]
    assert.deepStrictEqual(faults.map((fault) => read("redirect", [fault])), [
      [10049, "Invalid scheme in redirect source URL"],
      [10060, "Missing scheme in redirect target URL"]
    ])
  })

  it("has a unique source, compared after a path is added", () => {
    const message = "example.com/ is not a valid value for redirect because filters.api.duplicate_item_value"
    const twice = [redirect("example.com"), redirect("Example.com/", { target_url: "https://example.net/other" })]
    assert.deepStrictEqual(read("redirect", twice), [10028, message])
  })

  it("with another scheme, or with none, has another source", () => {
    const three = [redirect("example.com/a"), redirect("http://example.com/a"), redirect("https://example.com/a")]
    assert.strictEqual(code("redirect", three), "accepted")
  })
})

const commented = (length: number) => [{ asn: 1 }, { asn: 2, comment: "a".repeat(length) }]

describe("a write", () => {
  it("is refused with unknown keys, so items read cannot be sent back unchanged", () => {
    const wrong: ReadonlyArray<unknown> = [
      { items: [] },
      "192.0.2.1",
      null,
      ["192.0.2.1"],
      [null],
      [{}],
      [{ id: "34b12448945f11eaa1b71c4d701ab86e", ip: "192.0.2.1" }],
      [{ ip: "192.0.2.1", asn: 1 }],
      [{ ip: 1 }],
      [{ ip: "192.0.2.1", comment: "a note", extra: 1 }],
      [{ ip: "192.0.2.1", comment: 1 }]
    ]
    for (const body of wrong) assert.deepStrictEqual(read("ip", body), [10026, "filters.api.invalid_json"])
    assert.deepStrictEqual(read("ip", []), [])
  })

  it("has items of one kind, that of the list", () => {
    const mixed = [ip("192.0.2.1"), hostname("example.com")]
    const message = "The add list items operation contains different types of list items"
    assert.deepStrictEqual(read("ip", mixed), [10056, message])
    assert.deepStrictEqual(read("redirect", [ip("192.0.2.1")]), [10058, "List items incompatible with list type"])
  })

  it("has comments of up to 500 characters", () => {
    const message = "invalid value for comment at position 1: filters.api.comments should have at most 500 characters"
    assert.strictEqual(code("asn", commented(500)), "accepted")
    assert.deepStrictEqual(read("asn", commented(501)), [10035, message])
  })

  it("is refused for its first error: invalid values before duplicates", () => {
    assert.strictEqual(code("asn", [{ asn: 1 }, { asn: 1 }, { asn: 0 }]), 10035)
    assert.strictEqual(code("asn", [{ asn: 0 }, ip("192.0.2.1")]), 10056)
  })
})

describe("a search", () => {
  const moved = { redirect: { source_url: "example.com/Old", target_url: "https://example.net/New" } }

  it("finds addresses by their start, hostnames and redirects by any part, and ASNs as a whole", () => {
    assert.isTrue(matches(ip("192.0.2.1"), "192."))
    assert.isFalse(matches(ip("192.0.2.1"), "0.2"))
    assert.isTrue(matches(ip("2001:db8::1"), "2001:DB8"))
    assert.isTrue(matches(hostname("www.example.com"), "Example"))
    assert.isFalse(matches(hostname("www.example.com"), "other"))
    assert.isTrue(matches(moved, "/old"))
    assert.isTrue(matches(moved, "NET/new"))
    assert.isFalse(matches(moved, "other"))
    assert.isTrue(matches({ asn: 64_496 }, "64496"))
    assert.isFalse(matches({ asn: 64_496 }, "6449"))
  })
})
