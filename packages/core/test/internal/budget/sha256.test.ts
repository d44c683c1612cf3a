import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { createHash } from "node:crypto"
import * as Sha256 from "../../../src/internal/budget/sha256.ts"

const expected = (text: string) => createHash("sha256").update(text).digest("hex")

describe("SHA-256", () => {
  it.prop("is that of OpenSSL", [Schema.String], ([text]) => {
    // What is no Unicode is written as a replacement character by both.
    assert.strictEqual(Sha256.hex(text), expected(text))
    return true
  })

  it("is that of OpenSSL for every length around the end of a block", () => {
    for (let length = 0; length < 200; length++) {
      const text = "€a".repeat(length).slice(0, length)
      assert.strictEqual(Sha256.hex(text), expected(text))
    }
  })
})
