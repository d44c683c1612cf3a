import type { ListItem } from "@bulk-operations/lists"
import { ItemFile } from "@bulk-operations/lists/files"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Stream } from "effect"

const found = (text: string, options: ItemFile.Options) =>
  Result.match(ItemFile.parse(text, options), {
    onFailure: (error) => assert.fail(error.message),
    onSuccess: (all) => all
  })

const wrong = (text: string, options: ItemFile.Options) =>
  Result.match(ItemFile.parse(text, options), {
    onFailure: ({ count, invalid }) => {
      assert.strictEqual(count, invalid.length)
      return invalid.map(({ line, reason }) => [line, reason] as const)
    },
    onSuccess: () => assert.fail("nothing is wrong")
  })

/** The texts to look for in the file. */
const quoted = (text: string, options: ItemFile.Options) =>
  Result.match(ItemFile.parse(text, options), {
    onFailure: ({ invalid }) => invalid.map(({ item }) => item),
    onSuccess: () => assert.fail("nothing is wrong")
  })

const shown = (item: ListItem.ListItem) =>
  item.kind === "ip" ? item.ip : item.kind === "asn" ? item.asn : item.kind === "hostname" && item.hostname.url_hostname

const values = (text: string, options: ItemFile.Options) =>
  found(text, options).map((item) => [item.line, shown(item)] as const)

const netset = `#
# blocklist
# Entries: 6
#
198.18.0.0/16
203.0.113.253
198.51.100.0/24
198.51.100.97
192.168.1.1
192.0.2.0/28 ; SBL000001
`

describe("plain lines", () => {
  it("may contain comments with # and ;, and keep their line numbers", () => {
    assert.deepStrictEqual(values(netset, { format: "lines", kind: "ip" }), [
      [5, "198.18.0.0/16"],
      [6, "203.0.113.253"],
      [7, "198.51.100.0/24"],
      [8, "198.51.100.97"],
      [9, "192.168.1.1"],
      [10, "192.0.2.0/28"]
    ])
  })

  it("may have any line ends, a byte order mark and padding", () => {
    assert.deepStrictEqual(values("\ufeff192.0.2.1\r\n\r\n  192.0.2.2\t\r192.0.2.3", { format: "lines", kind: "ip" }), [
      [1, "192.0.2.1"],
      [3, "192.0.2.2"],
      [4, "192.0.2.3"]
    ])
  })

  it("of hostnames are read, or refused with line and reason", () => {
    const lines = [
      "example.com/",
      "Free4Faucet.example",
      "lọg.example",
      "node..dyn.example",
      "www.example.pl$all",
      "be",
      "0ffcloud.example",
      "example.com."
    ]
    assert.deepStrictEqual(wrong(lines.join("\n"), { format: "lines", kind: "hostname" }), [
      [1, "a path: leave out the slash and what follows it"],
      [4, "two dots with nothing between them, or a dot in front"],
      [5, "a hostname cannot contain the character \"$\""],
      [8, "remove the dot at the end"]
    ])
    assert.deepStrictEqual(
      values([1, 2, 5, 6].map((index) => lines[index]).join("\n"), { format: "lines", kind: "hostname" }),
      [[1, "free4faucet.example"], [2, "xn--lg-68s.example"], [3, "be"], [4, "0ffcloud.example"]]
    )
  })

  it("cannot contain redirects", () => {
    const redirects = { format: "lines", kind: "redirect" } as const
    assert.match(String(wrong("a b", redirects)), /use CSV, JSON or NDJSON/)
    assert.deepStrictEqual(quoted("a b", redirects), ["\"\""])
  })

  it("may have a header, before all values alone", () => {
    assert.deepStrictEqual(values("# from a table\nAddresses\n192.0.2.1", { format: "lines", kind: "ip" }), [
      [3, "192.0.2.1"]
    ])
    assert.deepStrictEqual(wrong("192.0.2.1\nip", { format: "lines", kind: "ip" }).map(([line]) => line), [2])
  })

  it("that are wrong are quoted as they stand there, without what pads them", () => {
    assert.deepStrictEqual(quoted("  x # y\t", { format: "lines", kind: "ip" }), ["\"x # y\""])
  })
})

describe("AS numbers", () => {
  it("are read with AS prefix and quotes, and a header row is skipped", () => {
    assert.deepStrictEqual(
      values("ASN,Entity\nAS15169,Google\nas15170\n 15171\n\"15172\"\nAS 15173", { format: "csv", kind: "asn" }),
      [[2, 15169], [3, 15170], [4, 15171], [5, 15172], [6, 15173]]
    )
    assert.deepStrictEqual(
      wrong("15169.0\n'15169'\n0\nASN\nx15169", { format: "lines", kind: "asn" }).map(([line]) => line),
      [1, 2, 3, 4, 5]
    )
  })
})

describe("CSV of redirects", () => {
  const csv = { format: "csv", kind: "redirect" } as const
  const shapes = `docs.example.com/,https://docs.example.com/own-cloud,302,TRUE,FALSE,TRUE,TRUE
docs.example.com/api/kit/thing/thingenvironment/api-reference/kit/things/thing-environment,302,TRUE,FALSE,TRUE,TRUE
docs.example.com/api/sdk/parts/datacard,https://docs.example.com/api-reference/parts-data-card302,TRUE,FALSE,TRUE,TRUE
docs.example.com/guide/administration,https://docs.example.com/user-guide/administration
docs.example.com/platform-architecture,https://docs.example.com/deployment/platform-architecture,302,TRUE,FALSE,TRUE,TRUE
docs.example.com/platform-architecture,https://docs.example.com/deployment/platform-architecture,302,TRUE,FALSE,TRUE,TRUE
docs.example.com/onboarding/README,https://docs.example.com/deployment,302,TRUE,FALSE,TRUE,TRUE
docs.example.com/_downloads/0123456789abcdef/public-key.txt,https://docs.example.com/own-cloud/public-key.txt,302,TRUE,FALSE,TRUE,TRUE
example.org/courses,https://example.org/db,301,,,,
example.org/courses/tasks,https://example.org/db/materials,301,,,TRUE,TRUE
`

  it("names lines that lost a comma, and duplicates", () => {
    assert.deepStrictEqual(wrong(shapes, csv), [
      [2, "the target is 302; is a comma missing?"],
      [3, "the status must be 301, 302, 307 or 308, not TRUE; is a comma missing?"],
      [6, "the same as line 5"]
    ])
  })

  it("has its columns in Cloudflare's order, and the last ones may be empty or missing", () => {
    const lines = shapes.split("\n")
    const [first, second, third] = found([lines[0], lines[3], lines[9]].join("\n"), csv)
    assert.deepStrictEqual(first, {
      kind: "redirect",
      line: 1,
      redirect: {
        source_url: "docs.example.com/",
        target_url: "https://docs.example.com/own-cloud",
        status_code: 302,
        preserve_query_string: true,
        include_subdomains: false,
        subpath_matching: true,
        preserve_path_suffix: true
      }
    })
    assert.deepInclude(second?.kind === "redirect" && second.redirect, { status_code: 301, subpath_matching: false })
    assert.deepInclude(third?.kind === "redirect" && third.redirect, {
      subpath_matching: true,
      preserve_query_string: false
    })
  })

  it("drops a byte order mark and keeps commas in quotes", () => {
    const text = "\ufeffshop-one.example/,https://pay.example/shop-one/,301\n" +
      "\"shop-two.example/a,b\",\"https://pay.example/x,y\",301\n"
    assert.deepStrictEqual(
      found(text, csv).map((item) => item.kind === "redirect" && [item.redirect.source_url, item.redirect.target_url]),
      [
        ["shop-one.example/", "https://pay.example/shop-one/"],
        ["shop-two.example/a,b", "https://pay.example/x,y"]
      ]
    )
  })

  it.each([
    ["https://example.net/,301,yes", "preserve_query_string must be TRUE, FALSE or empty"],
    ["https://example.net/,301,truest", "preserve_query_string must be TRUE, FALSE or empty"],
    ["https://example.net/,301,untrue", "preserve_query_string must be TRUE, FALSE or empty"],
    ["https://example.net/,301,,falsely", "include_subdomains must be TRUE, FALSE or empty"],
    ["https://example.net/,301,,unfalse", "include_subdomains must be TRUE, FALSE or empty"],
    ["https://example.net/,301,,,TRUE,,x", "more than 7 columns"],
    ["https://example.net/,301,,,,TRUE", "preserve_path_suffix needs subpath_matching (10048)"],
    ["https://example.net/,3011", "the status must be 301, 302, 307 or 308, not 3011; is a comma missing?"],
    ["https://example.net/,x301", "the status must be 301, 302, 307 or 308, not x301; is a comma missing?"],
    [
      `https://example.net/,${"x".repeat(30)}`,
      `the status must be 301, 302, 307 or 308, not ${"x".repeat(20)}; is a comma missing?`
    ],
    ["", "the target is missing; is a comma missing?"],
    ["302", "the target is 302; is a comma missing?"],
    ["302nd.example.net/,301", "the target has no scheme, such as https:// (10060)"]
  ])("refuses %s behind the source: %s", (rest, reason) => {
    assert.deepStrictEqual(wrong(`example.com/,${rest}`, csv), [[1, reason]])
  })

  it("says of a line that has no comma at all that the target is missing", () => {
    assert.deepStrictEqual(wrong("example.com/", csv), [[1, "the target is missing; is a comma missing?"]])
  })

  it("may have empty columns at its end, as spreadsheets write them", () => {
    assert.lengthOf(found("example.com/,https://example.net/,301,,,,,,,", csv), 1)
  })

  it("quotes wrong lines with their commas", () => {
    assert.deepStrictEqual(quoted("example.com/,302", csv), ["\"example.com/,302\""])
  })
})

describe("CSV of other items", () => {
  const csv = { format: "csv", kind: "ip" } as const

  it("has values and descriptions, with a header row or without", () => {
    const rows = "192.0.2.1,one\r\n192.0.2.2,\"two, with a comma\"\r\n,\r\n192.0.2.3\r\n192.0.2.4,the \"fourth\"\r\n"
    assert.deepStrictEqual(found(rows, csv).map(({ comment, line }) => [line, comment]), [
      [1, "one"],
      [2, "two, with a comma"],
      [4, undefined],
      [5, "the \"fourth\""]
    ])
    assert.deepStrictEqual(values(`IP Address,Description\r\n${rows}`, csv).map(([line]) => line), [2, 3, 5, 6])
  })

  it("has comments in lines of their own, and its header behind them", () => {
    const rows = found("# exported\n\nIP,Description\n192.0.2.1,see #5\n\n192.0.2.2,,,\n", csv)
    assert.deepStrictEqual(rows.map(({ comment, line }) => [line, comment]), [[4, "see #5"], [6, undefined]])
    assert.deepStrictEqual(wrong("192.0.2.1\nip,x", csv).map(([line]) => line), [2])
  })

  it("counts lines within quoted cells", () => {
    assert.deepStrictEqual(values("192.0.2.1,\"one\nand a half\"\n192.0.2.2,two\n", csv), [
      [1, "192.0.2.1"],
      [3, "192.0.2.2"]
    ])
  })

  it("counts lines with mixed line ends", () => {
    assert.deepStrictEqual(
      values("192.0.2.1,one\n192.0.2.2,\"two\"\r\n192.0.2.3,\"a\r\nb\"\r\n192.0.2.4\r192.0.2.5", csv),
      [
        [1, "192.0.2.1"],
        [2, "192.0.2.2"],
        [3, "192.0.2.3"],
        [5, "192.0.2.4"],
        [6, "192.0.2.5"]
      ]
    )
  })

  it("names a quote that is never closed, and says that commas need quotes", () => {
    const text = "192.0.2.1,one, two\n192.0.2.2,\"three\n192.0.2.3\n"
    assert.deepStrictEqual(wrong(text, csv), [
      [1, "more than 2 columns: a description with a comma goes in quotes"],
      [2, "a quote that begins here is never closed"]
    ])
    assert.deepStrictEqual(quoted(text, csv), ["\"192.0.2.1,one,two\"", "\"192.0.2.2,\\\"three\""])
  })
})

describe("JSON", () => {
  it("is an array of items as the API has them, or of bare values, each with its line", () => {
    const text = `[
  {"ip": "192.0.2.1", "comment": "with [brackets], {braces} and \\" quotes", "id": "a", "created_on": "x"},
  "192.0.2.2",

  { "ip":
    "192.0.2.3" }, {"ip": "192.0.2.4", "hostname": {}, "redirect": null}
]`
    const json = { format: "json", kind: "ip" } as const
    assert.deepStrictEqual(values(text, json), [[2, "192.0.2.1"], [3, "192.0.2.2"], [5, "192.0.2.3"], [6, "192.0.2.4"]])
    assert.deepStrictEqual(found(text, json)[0], {
      kind: "ip",
      ip: "192.0.2.1",
      comment: "with [brackets], {braces} and \" quotes",
      line: 2
    })
    assert.deepStrictEqual(values("[ ]", json), [])
    assert.deepStrictEqual(values("[[[[\"1\"]]]]".slice(3, -3), { format: "json", kind: "asn" }), [[1, 1]])
  })

  it("names elements that are not items, and text that is not JSON", () => {
    const json = { format: "json", kind: "ip" } as const
    assert.deepStrictEqual(wrong("[{\"asn\": 5},\n[[], 5],\n{\"ip\": 5}, null\n]", json), [
      [1, "not of kind ip, such as {\"ip\":\"192.0.2.1\"}"],
      [2, "not of kind ip, such as {\"ip\":\"192.0.2.1\"}"],
      [3, "not of kind ip, such as {\"ip\":\"192.0.2.1\"}"],
      [3, "not of kind ip, such as {\"ip\":\"192.0.2.1\"}"]
    ])
    assert.deepStrictEqual(wrong("{\"result\": []}", json), [[1, "not a JSON array of items"]])
    assert.deepStrictEqual(quoted("\n{} ", json), ["\"{}\""])
    assert.deepStrictEqual(wrong("[nope]", json), [[1, "not JSON"]])
    const late = `[${"1,\n".repeat(11)}  2 \n  3] `
    assert.deepStrictEqual(wrong(late, json), [[13, "not JSON"]])
    assert.deepStrictEqual(quoted(late, json), ["\"3]\""])
  })

  it("counts lines however they end, and no commas or brackets within texts", () => {
    const asn = { format: "json", kind: "asn" } as const
    assert.deepStrictEqual(values("[ 1,\r2\n,\r\n3,\n\n\"4\"]", asn), [[1, 1], [2, 2], [4, 3], [6, 4]])
    assert.deepStrictEqual(wrong("[\"a,b\",\n\"]\",\n\"c\"]", asn).map(([line]) => line), [1, 2, 3])
  })

  it("may have spaces around its values, and values of any depth", () => {
    const json = { format: "json", kind: "ip" } as const
    assert.deepStrictEqual(values("[\" 192.0.2.1 \"]", json), [[1, "192.0.2.1"]])
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
    assert.deepStrictEqual(wrong(deep, json), [[1, "not of kind ip, such as {\"ip\":\"192.0.2.1\"}"]])
    assert.deepStrictEqual(quoted(deep, json), ["\"[[[…\""])
  })

  it("names parts of an item with a wrong type, and treats null as absent", () => {
    const target = { source_url: "example.com/", target_url: "https://example.net/" }
    const redirects = [
      { redirect: { ...target, status_code: "302" } },
      { redirect: { ...target, status_code: 301.5 } },
      { redirect: { ...target, include_subdomains: "true" } },
      { redirect: target, comment: 5 },
      { redirect: target, comment: ["x".repeat(100)] },
      "example.com/"
    ]
    assert.deepStrictEqual(wrong(JSON.stringify(redirects, null, 1), { format: "json", kind: "redirect" }), [
      [2, "status_code must be a whole number, not \"302\""],
      [9, "status_code must be a whole number, not 301.5"],
      [16, "include_subdomains must be true or false, not \"true\""],
      [23, "comment must be a text, not 5"],
      [30, `comment must be a text, not ["${"x".repeat(78)}`],
      [39, "a redirect needs a source and a target"]
    ])
    const hostname = "{\"hostname\":{\"url_hostname\":\"*.example.com\",\"exclude_exact_hostname\":\"false\"}}"
    assert.deepStrictEqual(wrong(hostname, { format: "ndjson", kind: "hostname" }), [
      [1, "exclude_exact_hostname must be true or false, not \"false\""]
    ])
    const without = { redirect: { ...target, status_code: null, subpath_matching: null }, comment: null }
    assert.lengthOf(found("{\"ip\":\"192.0.2.1\",\"comment\":\"\"}", { format: "ndjson", kind: "ip" }), 1)
    assert.lengthOf(found(JSON.stringify([without]), { format: "json", kind: "redirect" }), 1)
  })

  it("may be one item per line", () => {
    const ndjson = { format: "ndjson", kind: "hostname" } as const
    const text = "{\"hostname\": {\"url_hostname\": \"Example.com\"}}\r\n\r\n\"example.net\"\n"
    assert.deepStrictEqual(values(text, ndjson), [[1, "example.com"], [3, "example.net"]])
    assert.deepStrictEqual(values("\"a.example\"\n \t\n\"b.example\"", ndjson), [[1, "a.example"], [3, "b.example"]])
    assert.deepStrictEqual(quoted(" true ", ndjson), ["\"true\""])
    assert.deepStrictEqual(wrong("\"example.com\"\nexample.net\n\"example.com\"", ndjson), [
      [2, "not JSON"],
      [3, "the same as line 1"]
    ])
  })
})

const bytes = (...parts: ReadonlyArray<ReadonlyArray<number>>) =>
  Stream.fromIterable(parts.map((part) => Uint8Array.from(part)))

const asns = { format: "lines", kind: "asn" } as const

const readAsns = (...parts: ReadonlyArray<ReadonlyArray<number>>) =>
  Stream.runCollect(ItemFile.read(bytes(...parts), asns))

const messageOf = (count: number) =>
  Result.match(ItemFile.parse("x\n".repeat(count), { format: "lines", kind: "ip" }), {
    onFailure: (error) => error.message.split("\n"),
    onSuccess: () => []
  })

describe("a file", () => {
  it.effect("is read in pieces of any size", () =>
    Effect.gen(function*() {
      const encoded = Array.from(new TextEncoder().encode("bücher.example\nb.example"), (byte) => [byte])
      const names = yield* Stream.runCollect(ItemFile.read(bytes(...encoded), { format: "lines", kind: "hostname" }))
      assert.deepStrictEqual(names.map(shown), ["xn--bcher-kva.example", "b.example"])
    }))

  it.effect("may be UTF-16 with a byte order mark, and is refused if it is not text", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* readAsns([0xff, 0xfe, 0x31], [0, 0x32, 0])).map(shown), [12])
      assert.deepStrictEqual((yield* readAsns([0xfe, 0xff, 0, 0x31])).map(shown), [1])
      // Each of the last four has half of a byte order mark.
      for (const none of [[0xc3, 0x28], [0xff, 0x31], [0x31, 0xfe], [0xfe, 0x31], [0x31, 0xff]]) {
        assert.deepStrictEqual((yield* Effect.flip(readAsns(none))).invalid, [
          { line: 1, item: "\"\"", reason: "neither UTF-8, nor UTF-16 with a byte order mark" }
        ])
      }
    }))

  it("counts its wrong lines, and tells the first twenty", () => {
    const reason = "not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
    assert.deepStrictEqual(messageOf(2), [
      "The file has 2 wrong lines, so none of it is used:",
      `  line 1, "x": ${reason}`,
      `  line 2, "x": ${reason}`
    ])
    assert.lengthOf(messageOf(20), 21)
    assert.lengthOf(messageOf(21), 22)
    assert.strictEqual(messageOf(25).at(-1), "  and 5 more")
  })

  it.effect("that fails in the middle yields no items", () =>
    Effect.gen(function*() {
      const content = Stream.concat(bytes([0x31, 0x0a]), Stream.fail("disk on fire"))
      const seen: Array<unknown> = []
      const error = yield* ItemFile.read(content, asns).pipe(
        Stream.runForEach((item) => Effect.sync(() => seen.push(item))),
        Effect.flip
      )
      assert.deepStrictEqual([error, seen], ["disk on fire", []])
    }))

  it.effect("with a wrong last line yields no items", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const error = yield* ItemFile.read(bytes([0x31, 0x0a, 0x78]), asns).pipe(
        Stream.runForEach((item) => Effect.sync(() => seen.push(item))),
        Effect.flip
      )
      assert.strictEqual(
        error.message,
        "The file has 1 wrong line, so none of it is used:\n" +
          "  line 2, \"x\": not an AS number, such as 15169 or AS15169"
      )
      assert.deepStrictEqual(seen, [])
    }))

  it("that is an HTML page is refused with its title, in every format", () => {
    const page = "\r\n<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head></html>"
    for (const format of ["lines", "csv", "json", "ndjson"] as const) {
      const error = ItemFile.parse(page, { format, kind: "ip" })
      assert.match(String(error), /Just a moment\.\.\..*an HTML page instead of a list/)
    }
  })

  it.each([
    ["<html><title>\n Not found\n</title>", "Not found"],
    ["<html><title lang=\"en\" id=\"x\">Not found</title>", "Not found"],
    ["\n<?xml version=\"1.0\"?>\n", "<?xml version=\"1.0\"?>"],
    ["<!-- down --><p>back soon</p>", "<!-- down --><p>back soon</p>"]
  ])("that is the page %s is quoted as %s", (page, title) => {
    assert.deepStrictEqual(quoted(page, { format: "lines", kind: "ip" }), [JSON.stringify(title)])
  })

  it("is no page where it only mentions one", () => {
    assert.deepStrictEqual(values("192.0.2.1 # see <html>", { format: "lines", kind: "ip" }), [[1, "192.0.2.1"]])
  })

  it("of JSON may begin with a byte order mark", () => {
    assert.deepStrictEqual(values("\ufeff[1]", { format: "json", kind: "asn" }), [[1, 1]])
  })

  it("that is empty has no items", () => {
    for (const format of ["lines", "csv", "json", "ndjson"] as const) {
      assert.deepStrictEqual(found("\ufeff\n", { format, kind: "ip" }), [])
    }
  })

  it("of 2 MB of garbage is refused in seconds, with a message of a few lines", () => {
    const garbage = Array.from({ length: 2_000_000 }, (_, index) => String.fromCharCode(33 + (index * 7919) % 90)).join(
      ""
    )
    const lines = "not,an:item\n".repeat(50_000)
    const began = performance.now()
    for (const format of ["lines", "csv", "json", "ndjson"] as const) {
      for (const text of [garbage, lines]) {
        const error = ItemFile.parse(text, { format, kind: "ip" })
        assert.isTrue(Result.isFailure(error) && error.failure.message.length < 5000)
      }
    }
    assert.isBelow(performance.now() - began, 20_000)
  }, 60_000)

  it("of JSON may have values of 9 MB", () => {
    const json = { format: "json", kind: "ip" } as const
    const long = `["192.0.2.1",\n{"ip":"192.0.2.2","note":"${"x".repeat(9_000_000)}"},\n"192.0.2.3"]`
    assert.deepStrictEqual(values(long, json), [[1, "192.0.2.1"], [2, "192.0.2.2"], [3, "192.0.2.3"]])
  }, 60_000)

  it("has the format of its name", () => {
    assert.deepStrictEqual(
      ["a.csv", "a.b/C.JSON", "x.jsonl", "x.ndjson", "x.txt", "x.netset", "x", "csv"].map(ItemFile.formatOf),
      ["csv", "json", "ndjson", "ndjson", "lines", "lines", "lines", "lines"]
    )
  })
})
