import { ListItem } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option, Result, Schema } from "effect"

const stored = (item: ListItem.ListItem) => Result.getOrThrow(ListItem.normalize(item))
const refusal = (item: ListItem.ListItem) => Option.getOrThrow(Result.getFailure(ListItem.normalize(item)))

const normalForms = <A>(cases: ReadonlyArray<readonly [A, A]>, form: (written: A) => A) =>
  it.each(cases.map(([written, held]) => ({ written, held })))("$written is $held", ({ held, written }) => {
    assert.deepStrictEqual(form(written), held)
    assert.deepStrictEqual(form(held), held)
  })

const refusals = <A>(cases: ReadonlyArray<readonly [A, RegExp]>, item: (written: A) => ListItem.ListItem) =>
  it.each(cases.map(([written, reason]) => ({ written, reason })))(
    "are refused: $written, $reason",
    ({ reason, written }) => {
      assert.match(refusal(item(written)), reason)
    }
  )

describe("addresses", () => {
  normalForms([
    ["192.0.2.1", "192.0.2.1"],
    ["192.0.2.1/32", "192.0.2.1"],
    ["192.0.2.5/24", "192.0.2.0/24"],
    ["10.255.255.255/8", "10.0.0.0/8"],
    ["203.0.113.77/29", "203.0.113.72/29"],
    ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:db8::1/128", "2001:db8::1"],
    ["2001:db8::1/64", "2001:db8::/64"],
    ["2001:db8:ff::/33", "2001:db8::/33"],
    ["2fff::/12", "2ff0::/12"],
    ["0f::", "f::"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1/120", "192.0.2.0/24"],
    ["::ffff:192.0.2.1/95", "::fffe:0:0/95"]
  ], (ip) => {
    const item = stored(ListItem.ip(ip))
    return item.kind === "ip" ? item.ip : ""
  })

  refusals([
    ["", /not an IP address/],
    ["192.0.2.300", /not an IP address/],
    ["192.0.2", /not an IP address/],
    ["192.0.2.04", /not an IP address/],
    [" 192.0.2.1", /not an IP address/],
    ["192.0.2.4/08", /not an IP address/],
    ["192.0.2.4/", /not an IP address/],
    ["192.0.2.4/24/24", /not an IP address/],
    ["fe80::1%eth0", /not an IP address/],
    ["192.0.2.4/33", /longer than the address/],
    ["2001:db8::/129", /longer than the address/],
    ["192.0.2.4/7", /IPv4 networks go from \/8 to \/32, not \/7/],
    ["2001:db8::/11", /IPv6 networks go from \/12 to \/128, not \/11/],
    ["::ffff:192.0.2.1/96", /IPv4 networks go from \/8 to \/32, not \/0/]
  ], (ip) => ListItem.ip(ip))

  it("are one to the list where they are one network, even of a size that it refuses", () => {
    const [a, b, none, neither] = ["192.0.2.1/0", "0.0.0.0/0", "x", "y"].map((ip) => ListItem.key(ListItem.ip(ip)))
    assert.strictEqual(a, b)
    assert.notStrictEqual(none, neither)
    assert.isFalse(ListItem.equals(ListItem.ip("192.0.2.1"), ListItem.ip("192.0.2.2")))
  })
})

describe("hostnames", () => {
  normalForms([
    ["example.com", "example.com"],
    ["Free4Faucet.example", "free4faucet.example"],
    ["0ffcloud.example", "0ffcloud.example"],
    ["0x7f.1", "0x7f.1"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["lọg.example", "xn--lg-68s.example"],
    ["*.Bücher.example", "*.xn--bcher-kva.example"],
    // Whether they are fully qualified is for Cloudflare to say.
    ["be", "be"],
    ["localhost", "localhost"],
    ["1.2.3.4", "1.2.3.4"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
    [`*.${"A".repeat(63)}.example`, `*.${"a".repeat(63)}.example`],
    ["a.".repeat(126) + "b", "a.".repeat(126) + "b"]
  ], (name) => {
    const item = stored(ListItem.hostname(name))
    return item.kind === "hostname" ? item.hostname.url_hostname : ""
  })

  refusals([
    ["", /empty/],
    ["example.com.", /remove the dot at the end/],
    ["example.com/", /leave out the slash/],
    ["https://example.com/a", /leave out the scheme/],
    ["node..dyn.example", /two dots/],
    [".example.com", /a dot in front/],
    ["www.example.pl$all", /the character "\$"/],
    ["a_b.example", /the character "_"/],
    ["a b.example", /the character " "/],
    ["bü cher.example", /not a hostname/],
    ["b%C3%BCcher.bücher.example", /not a hostname/],
    ["a.*.example", /wildcard goes in front/],
    ["*example.com", /wildcard goes in front/],
    [`${"a".repeat(64)}.example`, /longer than 63/],
    [`${"a.".repeat(126)}bc`, /longer than 253/]
  ], (name) => ListItem.hostname(name))

  it("have keys of their own, also where they are none", () => {
    assert.notStrictEqual(ListItem.key(ListItem.hostname("a b")), ListItem.key(ListItem.hostname("a c")))
  })

  it("with a wildcard exclude the exact hostname by default", () => {
    assert.deepStrictEqual(
      stored(ListItem.hostname("*.example.com")),
      ListItem.hostname("*.example.com", { exclude_exact_hostname: true })
    )
    const both = ListItem.hostname("*.example.com", { exclude_exact_hostname: false })
    assert.deepStrictEqual(stored(both), both)
    assert.isFalse(ListItem.equals(both, ListItem.hostname("*.example.com")))
    assert.match(refusal(ListItem.hostname("example.com", { exclude_exact_hostname: true })), /for names with \*\./)
  })
})

const redirect = (parts: Partial<ListItem.RedirectTarget>) =>
  ListItem.redirect({ source_url: "example.com/a", target_url: "https://example.net/new", ...parts })

describe("redirects", () => {
  normalForms([
    ["example.com", "example.com/"],
    ["https://example.com", "https://example.com/"],
    ["http://example.com/a", "http://example.com/a"],
    ["example.com/a:8080/b@c", "example.com/a:8080/b@c"],
    ["example.com/*", "example.com/*"],
    ["[2001:db8::1]/a", "[2001:db8::1]/a"]
  ], (source_url) => {
    const item = stored(redirect({ source_url }))
    return item.kind === "redirect" ? item.redirect.source_url : ""
  })

  it("are stored with every flag, including omitted ones", () => {
    assert.deepStrictEqual(stored(redirect({})), {
      kind: "redirect",
      redirect: {
        source_url: "example.com/a",
        target_url: "https://example.net/new",
        status_code: 301,
        include_subdomains: false,
        subpath_matching: false,
        preserve_query_string: false,
        preserve_path_suffix: false
      }
    })
  })

  refusals<Partial<ListItem.RedirectTarget>>([
    [{ source_url: "a".repeat(32_769) }, /10043/],
    [{ target_url: `https:${"/".repeat(32_763)}` }, /10044/],
    [{ source_url: "*.example.com/" }, /10045/],
    [{ source_url: "\ufeffexample.com/" }, /10045/],
    [{ target_url: "https://" }, /10046/],
    [{ target_url: "https:/example.net" }, /10046/],
    [{ target_url: "https:///path" }, /10046/],
    [{ target_url: "http:/example.net" }, /10046/],
    [{ target_url: "https:/a?b=https://example.net" }, /10046/],
    [{ status_code: 303 }, /10047/],
    [{ preserve_path_suffix: true }, /10048/],
    [{ source_url: "ftp://example.com/" }, /10049/],
    [{ source_url: "xhttp://example.com/" }, /10049/],
    [{ source_url: "httpx://example.com/" }, /10049/],
    [{ source_url: "user@example.com/" }, /10050/],
    [{ source_url: "http:///path" }, /10051/],
    [{ source_url: "/path" }, /10051/],
    [{ source_url: "" }, /10051/],
    [{ source_url: "example.com:8081/" }, /10052/],
    [{ source_url: "example.com/?q=1" }, /10053/],
    [{ source_url: "example.com?q=1" }, /10053/],
    [{ source_url: "example.com/#x" }, /10054/],
    [{ target_url: "https://example.net/b?x=1", preserve_query_string: true }, /10055/],
    [{ target_url: "example.net/b" }, /10060/],
    [{ target_url: "/a:b" }, /10060/]
  ], redirect)

  it.each([
    { source_url: "a".repeat(32_768) },
    { target_url: `https://${"a".repeat(32_760)}` },
    { target_url: "http://example.net/" },
    { target_url: "magnet:?xt=urn:btih:c12fe1c0" },
    { target_url: "magnet:?tr=https:" },
    { target_url: "https://user:word@example.net:8443/#top" },
    { target_url: "https://example.net/#a?b", preserve_query_string: true },
    { preserve_path_suffix: true, subpath_matching: true },
    { source_url: `example.com${"/a".repeat(20)}`, subpath_matching: true }
  ])("may have %o", (parts) => {
    assert.isTrue(Result.isSuccess(ListItem.normalize(redirect(parts))))
  })

  it("are the same to the list if their source is, whatever its case or empty path", () => {
    for (
      const [written, key] of [
        ["HTTPS://EXAMPLE.COM", "https://example.com/"],
        ["HTTPS://EXAMPLE.COM/A", "https://example.com/A"],
        ["EXAMPLE.COM/A", "example.com/A"],
        ["Straße.example/", "straße.example/"]
      ] as const
    ) assert.strictEqual(ListItem.key(redirect({ source_url: written })), key)
    assert.notStrictEqual(
      ListItem.key(redirect({ source_url: "http://example.com/" })),
      ListItem.key(redirect({ source_url: "example.com/" }))
    )
  })

  it("are equal if they differ only in flags without effect", () => {
    const bare = redirect({})
    assert.isTrue(ListItem.equals(bare, redirect({ status_code: 301, include_subdomains: false })))
    assert.isTrue(ListItem.equals(bare, redirect({ preserve_path_suffix: true })))
    assert.isFalse(ListItem.equals(
      redirect({ subpath_matching: true }),
      redirect({ subpath_matching: true, preserve_path_suffix: true })
    ))
    for (
      const different of [
        { status_code: 302 },
        { include_subdomains: true },
        { subpath_matching: true },
        { preserve_query_string: true },
        { target_url: "https://example.net/other" }
      ]
    ) assert.isFalse(ListItem.equals(bare, redirect(different)), JSON.stringify(different))
  })
})

describe("AS numbers", () => {
  refusals([
    [0, /from 1 to 4294967295/],
    [-1, /from 1/],
    [1.5, /from 1/],
    [4_294_967_296, /from 1/],
    [Number.NaN, /from 1/]
  ], (number) => ListItem.asn(number))

  it("go up to 32 bits", () => {
    assert.deepStrictEqual(stored(ListItem.asn(4_294_967_295)), ListItem.asn(4_294_967_295))
  })
})

describe("comments", () => {
  it("are absent if empty", () => {
    assert.deepStrictEqual(stored(ListItem.ip("192.0.2.1", { comment: "" })), ListItem.ip("192.0.2.1"))
    assert.isTrue(ListItem.equals(ListItem.ip("192.0.2.1", { comment: "" }), ListItem.ip("192.0.2.1")))
  })

  it("have 500 characters at most, whatever their width", () => {
    const item = ListItem.asn(1, { comment: "😀".repeat(500) })
    assert.deepStrictEqual(stored(item), item)
    assert.match(refusal(ListItem.asn(1, { comment: "a".repeat(501) })), /longer than 500/)
  })

  it("distinguish items that are the same to the list", () => {
    const [a, b] = [ListItem.asn(1, { comment: "a" }), ListItem.asn(1, { comment: "b" })]
    assert.strictEqual(ListItem.key(a), ListItem.key(b))
    assert.isFalse(ListItem.equals(a, b))
  })
})

const times = (time: string | undefined) =>
  [ListItem.createdOn, ListItem.modifiedOn].map((of) =>
    Option.map(
      of({ ...ListItem.asn(1), id: "a", ...(time !== undefined && { created_on: time, modified_on: time }) }),
      DateTime.formatIso
    )
  )

describe("the four kinds", () => {
  it("are never equal to one another", () => {
    assert.isFalse(ListItem.equals(ListItem.hostname("1.2.3.4"), ListItem.ip("1.2.3.4")))
  })

  it.prop("have normal forms that are stable, keep the key, and equal the item", [
    Schema.Union([
      ListItem.Asn,
      Schema.Struct({ ...ListItem.Ip.fields, ip: Schema.Literals(["192.0.2.1/20", "2001:DB8::1/40", "::1", "x"]) }),
      ListItem.Redirect,
      ListItem.Hostname
    ])
  ], ([item]) => {
    const normal = ListItem.normalize(item)
    if (Result.isFailure(normal)) return
    assert.deepStrictEqual(ListItem.normalize(normal.success), normal)
    assert.strictEqual(ListItem.key(normal.success), ListItem.key(item))
    assert.isTrue(ListItem.equals(item, normal.success))
  })

  it.each([
    ["2021-10-01T05:20:00.12345Z", "2021-10-01T05:20:00.123Z"],
    ["2021-10-01T05:20:00z", "2021-10-01T05:20:00.000Z"],
    ["2021-10-01T05:20:00+02:30", "2021-10-01T02:50:00.000Z"],
    ["2021-10-01T05:20:00-02:30", "2021-10-01T07:50:00.000Z"]
  ])("say when they were written: %s is %s", (time, iso) => {
    assert.deepStrictEqual(times(time), [Option.some(iso), Option.some(iso)])
  })

  it.each([
    undefined,
    "modified_on",
    "2021-10-01",
    "2021-10-01T05:20:00",
    "Fri, 01 Oct 2021 05:20:00 GMT",
    "+002021-10-01T05:20:00Z",
    "2021-10-01T05:20:00Z (about)",
    "2021-13-01T05:20:00Z"
  ])("do not say when they were written where that is no time: %s", (time) => {
    assert.deepStrictEqual(times(time), [Option.none(), Option.none()])
  })
})
