import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import type { NewItem } from "../../../src/internal/items/newItem.ts"
import * as RepeatedPaths from "../../../src/internal/items/repeatedPaths.ts"

const redirects = (count: number, path: string, host = "a"): ReadonlyArray<NewItem> =>
  Array.from({ length: count }, (_, n) => {
    const source_url = `https://${host}${n}.example${path}`
    return {
      key: source_url,
      comment: undefined,
      value: { redirect: { source_url, target_url: "https://example.net/" } }
    }
  })

const code = (written: ReadonlyArray<NewItem>, others: ReadonlyArray<NewItem>) =>
  Result.match(RepeatedPaths.check(16, written, others), {
    onFailure: ({ error }) => error.code,
    onSuccess: (items) => items.length
  })

describe("redirects with the same source path, whatever their host", () => {
  it("are accepted up to the limit, which includes existing ones", () => {
    assert.strictEqual(code(redirects(16, "/a"), []), 16)
    assert.strictEqual(code(redirects(17, "/a"), []), 10059)
    assert.strictEqual(code(redirects(1, "/a"), redirects(15, "/a", "b")), 1)
    assert.strictEqual(code(redirects(1, "/a"), redirects(16, "/a", "b")), 10059)
  })

  it("do not count towards other paths", () => {
    assert.strictEqual(code([...redirects(16, "/a"), ...redirects(16, "/a/")], redirects(16, "/b")), 32)
    assert.strictEqual(code([...redirects(17, "/a"), ...redirects(1, "/b")], []), 10059)
  })

  it("already over the limit do not affect redirects from other paths", () => {
    assert.strictEqual(code(redirects(1, "/a"), redirects(20, "/b")), 1)
  })
})
