import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ListItem from "../../src/internal/item.ts"

const reading = (kind: ListItem.Kind, ...items: ReadonlyArray<unknown>) =>
  Result.match(ListItem.read(kind, items), {
    onFailure: ({ error }) => error.message,
    onSuccess: (read) => read.map(({ value }) => value)
  })

const refusal = (kind: ListItem.Kind, value: string, reason: string) =>
  `${value} is not a valid value for ${kind} because filters.api.${reason}_item_value`

const ip = (ip: string) => ({ ip })

describe("an address", () => {
  it("is IPv4 or IPv6, alone or with a prefix from /8 or /12", () => {
    for (
      const right of ["192.0.2.1", "10.0.0.0/8", "192.0.2.1/32", "2001:db8::1", "2001:db8::/12", "2001:db8::1/128"]
    ) {
      assert.deepStrictEqual(reading("ip", ip(right)), [ip(right)])
    }
    const wrong = ["", "192.0.2", "192.0.2.256", "192.0.2.1/7", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/8/8", "2001:"]
    wrong.push("2001:db8::/11", "2001:db8::/129", "192.0.2.1/-8", "192.0.2.1/8.5", "192.0.2.1/ 8", " 192.0.2.1")
    for (const value of wrong) assert.strictEqual(reading("ip", ip(value)), refusal("ip", value, "invalid"))
  })

  it("becomes lower case", () => {
    assert.deepStrictEqual(reading("ip", ip("2001:DB8::1")), [ip("2001:db8::1")])
  })

  it("is the same address however it is written", () => {
    const twice = [["192.0.2.1", "192.0.2.1/32"], ["2001:db8::1", "2001:db8:0::1"]] as const
    for (const [one, other] of twice) {
      assert.strictEqual(reading("ip", ip(one), ip(other)), refusal("ip", other, "duplicate"))
    }
    assert.isArray(reading("ip", ip("192.0.2.0/24"), ip("192.0.2.0/25")))
  })
})

const hostname = (url_hostname: string) => ({ hostname: { url_hostname } })

describe("a hostname", () => {
  it("is of letters, digits and hyphens, with a wildcard for its first label", () => {
    for (const right of ["example.com", "*.example.com", "xn--bcher-kva.example"]) {
      assert.deepStrictEqual(reading("hostname", hostname(right)), [hostname(right)])
    }
    const full = { hostname: { url_hostname: "*.example.com", exclude_exact_hostname: false } }
    assert.deepStrictEqual(reading("hostname", full), [full])
    const wrong = ["", "*", "a.*.example.com", "exa mple.com", "bücher.example", "-a.example", "https://example.com"]
    wrong.push("example.com/path", "a..example", `${"a".repeat(64)}.example`)
    for (const value of wrong) {
      assert.strictEqual(reading("hostname", hostname(value)), refusal("hostname", value, "invalid"))
    }
  })

  it("is the same in upper case", () => {
    const twice = reading("hostname", hostname("a.example"), hostname("A.example"))
    assert.strictEqual(twice, refusal("hostname", "a.example", "duplicate"))
  })
})

describe("an ASN", () => {
  it("is a non-negative integer of 32 bits", () => {
    for (const asn of [0, 4_294_967_295]) assert.deepStrictEqual(reading("asn", { asn }), [{ asn }])
    for (const asn of [-1, 4_294_967_296]) {
      assert.strictEqual(reading("asn", { asn }), refusal("asn", `${asn}`, "invalid"))
    }
    assert.strictEqual(reading("asn", { asn: 1.5 }), "filters.api.invalid_json")
  })
})

const redirect = (source_url: string, target_url = "https://example.com/new") => ({
  redirect: { source_url, target_url }
})

describe("a redirect", () => {
  const defaults = {
    include_subdomains: false,
    preserve_path_suffix: false,
    preserve_query_string: false,
    status_code: 301,
    subpath_matching: false
  }

  it("is read with all its parameters, those not written being off", () => {
    const written = redirect("example.com/old")
    assert.deepStrictEqual(reading("redirect", written), [{ redirect: { ...defaults, ...written.redirect } }])
    const full = { redirect: { ...written.redirect, ...defaults, status_code: 308, subpath_matching: true } }
    assert.deepStrictEqual(reading("redirect", full), [full])
  })

  it("leads from a host and path to any URL", () => {
    for (const source of ["example.com", "example.com/", "https://example.com/a/b", "http://example.com"]) {
      assert.isArray(reading("redirect", redirect(source)), source)
    }
    assert.isArray(reading("redirect", redirect("example.com", "magnet:?xt=urn:btih:2bd9")))
    const wrong = ["", "ftp://example.com", "example.com:443", "user@example.com", "example.com/?q", "example.com/#f"]
    for (const source of wrong) {
      assert.strictEqual(reading("redirect", redirect(source)), refusal("redirect", source, "invalid"))
    }
    for (const target of ["", "/new", "example.com/new"]) {
      assert.strictEqual(reading("redirect", redirect("example.com", target)), refusal("redirect", target, "invalid"))
    }
  })

  it("has a source of its own in the list", () => {
    const twice = [redirect("example.com/old"), redirect("example.com/old", "https://example.com/other")]
    assert.strictEqual(reading("redirect", ...twice), refusal("redirect", "example.com/old", "duplicate"))
  })

  it("has one of four statuses", () => {
    const { redirect: written } = redirect("example.com")
    assert.strictEqual(reading("redirect", { redirect: { ...written, status_code: 303 } }), "filters.api.invalid_json")
  })
})

describe("any item", () => {
  it("has no keys but its own, so that items read cannot be sent back as they are", () => {
    const read = { id: "34b12448945f11eaa1b71c4d701ab86e", ip: "192.0.2.1", created_on: "2020-01-01T08:00:00Z" }
    assert.strictEqual(reading("ip", read), "filters.api.invalid_json")
    assert.strictEqual(reading("ip", { asn: 1 }), "filters.api.invalid_json")
    assert.strictEqual(reading("asn", { asn: 1, ip: "192.0.2.1" }), "filters.api.invalid_json")
  })

  it("has a comment of up to 500 characters", () => {
    assert.isArray(reading("asn", { asn: 1, comment: "a".repeat(500) }))
    assert.strictEqual(reading("asn", { asn: 1, comment: "a".repeat(501) }), "filters.api.invalid_json")
  })
})

describe("a search", () => {
  it("finds addresses by their start, hostnames and redirects by any part, and ASNs as a whole", () => {
    assert.isTrue(ListItem.matches("ip", "192.0.2.1", "192."))
    assert.isFalse(ListItem.matches("ip", "192.0.2.1", "0.2"))
    assert.isTrue(ListItem.matches("hostname", "www.example.com", "Example"))
    assert.isTrue(ListItem.matches("redirect", "example.com/old https://example.com/new", "/new"))
    assert.isFalse(ListItem.matches("redirect", "example.com/old https://example.com/new", "other"))
    assert.isTrue(ListItem.matches("asn", "64496", "64496"))
    assert.isFalse(ListItem.matches("asn", "64496", "6449"))
  })
})
