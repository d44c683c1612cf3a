import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import Cloudflare from "cloudflare"
import { Effect } from "effect"

const account_id = Simulator.accountId

describe("the official client", () => {
  it.live("writes items and reads them when the operation has completed", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* Simulator.Simulator
      const { rules } = new Cloudflare({ apiToken: "a-token", baseURL: baseUrl })
      const list = yield* Effect.promise(() => rules.lists.create({ account_id, kind: "ip", name: "blocked" }))
      const { operation_id } = yield* Effect.promise(() =>
        rules.lists.items.create(list.id, { account_id, body: [{ ip: "192.0.2.1", comment: "scanner" }] })
      )
      const operation = yield* Effect.promise(() => rules.lists.bulkOperations.get(operation_id, { account_id }))
      assert.strictEqual(operation.status, "completed")
      const page = yield* Effect.promise(() => rules.lists.items.list(list.id, { account_id }))
      assert.deepStrictEqual(page.result.map(({ comment }) => comment), ["scanner"])
    }).pipe(Effect.provide(Simulator.layerServer({ duration: 0 }))))
})
