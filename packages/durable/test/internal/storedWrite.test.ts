import { ListItem } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Digest } from "effect/crypto"
import * as StoredWrite from "../../src/internal/storedWrite.ts"
import { WriteWorkflow } from "../../src/internal/writeWorkflow.ts"

const held = (...addresses: ReadonlyArray<string>): ReadonlyArray<ListItem.StoredItem> =>
  addresses.map((ip) => ({ kind: "ip", ip, id: `id of ${ip}` }))
const ips = (...addresses: ReadonlyArray<string>) => addresses.map((address) => ListItem.ip(address))

/** What each release has stored. Never changed: stores have it. */
const stored = {
  "0.1.0": [
    `{"write":{"version":1,"key":"a","listId":"list","accountId":"account","content":{"action":"replace","items":[` +
    `{"kind":"ip","ip":"192.0.2.1","comment":"seen"},{"kind":"asn","asn":5},` +
    `{"kind":"redirect","redirect":{"source_url":"example.com/","target_url":"https://example.com/"}},` +
    `{"kind":"hostname","hostname":{"url_hostname":"example.com"}}]},"timeout":60000,"requestCost":250,` +
    `"tolerance":600000,"notFoundGrace":0},"fingerprint":"f"}`,
    `{"write":{"version":1,"key":"a","listId":"list","content":{"action":"create","items":[]}},"fingerprint":"f"}`,
    `{"write":{"version":1,"key":"a","listId":"list","content":{"action":"delete","itemIds":["b"]}},"fingerprint":"f"}`
  ]
}

describe("a stored write", () => {
  for (const [release, payloads] of Object.entries(stored)) {
    it.effect(`of release ${release} can be read, and encodes to the same JSON`, () =>
      Effect.gen(function*() {
        const codec = Schema.toCodecJson(WriteWorkflow.payloadSchema)
        for (const payload of payloads) {
          const read = yield* Schema.decodeUnknownEffect(codec)(JSON.parse(payload))
          assert.deepStrictEqual(yield* Schema.encodeEffect(codec)(read), JSON.parse(payload))
        }
      }))
  }

  it.effect("has a fingerprint of its content", () =>
    Effect.gen(function*() {
      const contents: ReadonlyArray<StoredWrite.Content> = [
        { action: "create", items: ips("192.0.2.1") },
        { action: "replace", items: ips("192.0.2.1") },
        { action: "replace", items: ips("192.0.2.2") },
        { action: "replace", items: [ListItem.ip("192.0.2.2", { comment: "seen" })] },
        { action: "delete", itemIds: ["192.0.2.1"] }
      ]
      const all = yield* Effect.forEach([...contents, ...structuredClone(contents)], StoredWrite.fingerprint)
      assert.strictEqual(new Set(all).size, contents.length)
    }).pipe(Effect.provide(Digest.layerWebCrypto)))
})

describe("a list shows", () => {
  it("an addition if it contains all its items as written, whatever else it contains", () => {
    const content: StoredWrite.Content = { action: "create", items: [ListItem.ip("192.0.2.1", { comment: "seen" })] }
    const item = { ...ListItem.ip("192.0.2.1", { comment: "seen" }), id: "a" }
    assert.isUndefined(StoredWrite.missing(content, [...held("192.0.2.9"), item]))
    assert.deepStrictEqual(StoredWrite.missing(content, held("192.0.2.1")), content)
    assert.deepStrictEqual(StoredWrite.missing(content, []), content)
  })

  it("a replacement if it contains its items and no others", () => {
    const content: StoredWrite.Content = { action: "replace", items: ips("192.0.2.1") }
    assert.isUndefined(StoredWrite.missing(content, held("192.0.2.1")))
    assert.deepStrictEqual(StoredWrite.missing(content, held("192.0.2.1", "192.0.2.2")), content)
    assert.isUndefined(StoredWrite.missing({ action: "replace", items: [] }, []))
  })

  it("a deletion if it contains none of its items, else those that are left", () => {
    const content: StoredWrite.Content = { action: "delete", itemIds: ["id of 192.0.2.1", "id of 192.0.2.2"] }
    assert.isUndefined(StoredWrite.missing(content, held("192.0.2.9")))
    assert.deepStrictEqual(StoredWrite.missing(content, held("192.0.2.2")), {
      action: "delete",
      itemIds: ["id of 192.0.2.2"]
    })
  })
})
