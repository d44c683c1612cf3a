import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as Credentials from "../../../src/Credentials.ts"
import * as Key from "../../../src/internal/budget/key.ts"

const token = (secret: string) => Credentials.apiToken(Redacted.make(secret))
const globalKey = (email: string, key: string) => Credentials.globalKey({ email, key: Redacted.make(key) })
const url = "https://api.cloudflare.com/client/v4"

describe("the key of a budget", () => {
  it("is the same for the same credentials and base URL, and for nothing else", () => {
    assert.strictEqual(Key.of(token("a"), url), Key.of(token("a"), url))
    for (const end of ["/", "//", "?", "/#"]) {
      assert.strictEqual(Key.of(token("a"), `${url}${end}`), Key.of(token("a"), url))
    }
    const keys = [
      Key.of(token("a"), url),
      Key.of(token("b"), url),
      Key.of(token("a"), "https://example.com"),
      Key.of(globalKey("me@example.com", "a"), url),
      Key.of(globalKey("you@example.com", "a"), url)
    ]
    assert.strictEqual(new Set(keys).size, keys.length)
  })

  it("does not change from one release to the next, because processes share it", () => {
    assert.strictEqual(Key.of(token("s3cret"), url), "c3ba8730a543aeea974e9b77d14cdf178a9a34588277fc26692f9051ab7f6fc7")
  })

  it("differs between base URLs for the same credentials value", () => {
    const one = token("a")
    assert.notStrictEqual(Key.of(one, url), Key.of(one, "https://example.com"))
    assert.strictEqual(Key.of(one, url), Key.of(token("a"), url))
  })

  it("reveals nothing of the credentials", () => {
    assert.match(Key.of(globalKey("me@example.com", "s3cret"), url), /^[0-9a-f]{64}$/)
  })
})
