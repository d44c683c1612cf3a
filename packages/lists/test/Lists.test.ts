import { CloudflareApi, type CloudflareError } from "@bulk-operations/core"
import { List, Lists } from "@bulk-operations/lists"
import { Fault, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import { inMemory, requestsTo, spansOf } from "./World.ts"

const reasonOf = <A, E extends { readonly reason: { readonly _tag: string } }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("lists", () => {
  it.effect("are created, got, listed, updated and deleted", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const created = yield* lists.create({ name: "blocked", kind: "ip", description: "a note" })
      assert.deepInclude(created, { name: "blocked", kind: "ip", description: "a note", num_items: 0 })
      assert.strictEqual(DateTime.toEpochMillis(Option.getOrThrow(List.createdOn(created))), 0)
      assert.deepStrictEqual(yield* lists.get(created.id), created)
      assert.deepStrictEqual(yield* lists.list(), [created])
      assert.strictEqual((yield* lists.update(created.id, { description: "another" })).description, "another")
      yield* lists.delete(created.id)
      assert.deepStrictEqual(yield* lists.list(), [])
    }).pipe(Effect.provide(inMemory())))

  it.effect("are refused before anything is sent if Cloudflare would refuse them", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const wrong = [
        lists.create({ name: "with-dash", kind: "ip" }),
        lists.create({ name: "a".repeat(51), kind: "ip" }),
        lists.create({ name: "a", kind: "ip", description: "x".repeat(501) }),
        lists.update("id", { description: "x".repeat(501) }),
        lists.get(""),
        lists.get(".."),
        lists.get("a/b"),
        lists.list({ accountId: "a b" })
      ]
      for (const call of wrong) {
        const reason = yield* reasonOf<unknown, Effect.Error<typeof call>, never>(call)
        assert.strictEqual(reason._tag, "InvalidRequest")
        assert.isFalse("status" in reason)
      }
      const { message } = yield* Effect.flip(lists.create({ name: "with-dash", kind: "ip" }))
      assert.include(message, "a name of 1 to 50 letters, digits and underscores")
      assert.lengthOf(yield* (yield* Simulator.Simulator).requests, 0)
    }).pipe(Effect.provide(inMemory())))

  it.effect("say which id is wrong, or that there is none, and what was not done", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const wrong: ReadonlyArray<readonly [string, RegExp, Effect.Effect<unknown, CloudflareError.CloudflareError>]> = [
        ["GET", /account_id: /, lists.list({ accountId: "a b" })],
        ["GET", /list_id: /, lists.get("..")],
        ["POST", /account_id: /, lists.create({ name: "a", kind: "ip" }, { accountId: "a b" })],
        ["PUT", /list_id: /, lists.update("..", { description: "" })],
        ["DELETE", /list_id: /, lists.delete("..")]
      ]
      for (const [method, text, call] of wrong) {
        const { message, reason } = yield* Effect.flip(call)
        assert.match(message, text)
        assert.deepInclude(reason, { method, path: "/accounts/{account_id}/rules/lists" })
      }
      const bare = yield* Effect.flatMap(Lists.make, (lists) => Effect.flip(lists.list())).pipe(
        Effect.updateService(CloudflareApi.CloudflareApi, (api) => ({ ...api, accountId: undefined }))
      )
      assert.match(bare.message, /no account: pass accountId, or set CLOUDFLARE_ACCOUNT_ID/)
    }).pipe(Effect.provide(inMemory())))

  it.effect("are traced by the name of the call, with the ids of account and list", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const { id } = yield* lists.create({ name: "a", kind: "ip" })
      const spans = yield* spansOf(
        Effect.all([
          lists.list(),
          lists.create({ name: "b", kind: "ip" }),
          lists.get(id),
          lists.update(id, { description: "" }),
          lists.delete(id)
        ])
      )
      const account = { "cloudflare.account_id": Simulator.accountId }
      const list = { ...account, "cloudflare.list_id": id }
      assert.deepStrictEqual(spans.map(({ attributes, name }) => [name, Object.fromEntries(attributes)]), [
        ["Lists.list", account],
        ["Lists.create", account],
        ["Lists.get", list],
        ["Lists.update", list],
        ["Lists.delete", list]
      ])
    }).pipe(Effect.provide(inMemory())))

  it.effect("are refused with Cloudflare's code", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const used = yield* (yield* Simulator.Simulator).createList({ name: "used", kind: "asn", references: 1 })
      const taken = yield* Effect.flip(lists.create({ name: "used", kind: "ip" }))
      assert.deepStrictEqual(taken.reason.errors.map(({ code }) => code), [10021])
      const inUse = yield* Effect.flip(lists.delete(used))
      assert.deepStrictEqual(inUse.reason.errors.map(({ code }) => code), [10031])
      assert.strictEqual((yield* reasonOf(lists.get("2c0fc9fa937b11eaa1b71c4d701ab86e")))._tag, "NotFound")
    }).pipe(Effect.provide(inMemory())))

  it.effect("are requested by ids of any format", () =>
    Effect.gen(function*() {
      yield* Effect.flip((yield* Lists.Lists).get("a?b%2e#c"))
      const [request] = yield* (yield* Simulator.Simulator).requests
      assert.include(request?.url, "/rules/lists/a%3Fb%252e%23c")
    }).pipe(Effect.provide(inMemory())))

  it.effect("can be read with an unknown kind, or with missing fields", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      const bare = { id: "a", name: "new", kind: "country" }
      yield* (yield* Simulator.Simulator).inject(
        Fault.wrongShape({ success: true, result: [bare, { ...bare, description: null }], errors: [], messages: [] })
      )
      assert.deepStrictEqual(yield* lists.list(), [bare, { ...bare, description: null }])
    }).pipe(Effect.provide(inMemory())))

  it.effect("are written once, even if the answer is lost", () =>
    Effect.gen(function*() {
      const lists = yield* Lists.Lists
      yield* (yield* Simulator.Simulator).inject(Fault.reset("before", { carriedOut: true }))
      assert.strictEqual((yield* reasonOf(lists.create({ name: "once", kind: "ip" })))._tag, "TransportError")
      assert.lengthOf(yield* requestsTo("lists.create"), 1)
    }).pipe(Effect.provide(inMemory())))
})
