import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Api from "../Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))

const asked = (headers: Record<string, string>, path = Api.lists) =>
  Effect.map(Api.call("GET", path, { headers }), ({ body, status }) => ({ body, status }))

const missing = { status: 400, body: Api.refusal(9106, "Authentication failed (status: 400)") }
const unknown = { status: 401, body: Api.refusal(10000, "Authentication error") }

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const key = (key: string) => ({ "x-auth-email": "user@example.com", "x-auth-key": key })

describe("credentials", () => {
  it.effect("are required, and by default any are accepted", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked({}), missing)
      assert.deepStrictEqual(yield* asked({ "x-auth-email": "user@example.com" }), missing)
      assert.deepStrictEqual(yield* asked({ "x-auth-key": "any" }), missing)
      assert.strictEqual((yield* asked(bearer("any"))).status, 200)
      assert.strictEqual((yield* asked(key("any"))).status, 200)
    }).pipe(memory()))

  it.effect("are refused as malformed if Authorization is not a bearer token", () =>
    Effect.gen(function*() {
      for (const authorization of ["Basic abc", "Bearer", "Bearer two words", "any-token", "a Bearer token"]) {
        assert.deepStrictEqual(yield* asked({ authorization }), missing)
      }
      assert.strictEqual((yield* asked({ authorization: "bearer  any" })).status, 200)
    }).pipe(memory()))

  it.effect("can be restricted to some, and others are refused as unknown", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* asked(bearer("the-token"))).status, 200)
      assert.deepStrictEqual(yield* asked(bearer("another")), unknown)
      assert.strictEqual((yield* asked(key("the-key"))).status, 200)
      assert.deepStrictEqual(yield* asked(key("another")), unknown)
      assert.deepStrictEqual(yield* asked({ ...key("the-key"), "x-auth-email": "other@example.com" }), unknown)
    }).pipe(memory({
      credentials: [{ token: Redacted.make("the-token") }, { email: "user@example.com", key: "the-key" }]
    })))

  it.effect("can be configured to be refused as malformed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked(bearer("abc-def")), missing)
      assert.strictEqual((yield* asked(bearer("another"))).status, 200)
    }).pipe(memory({ malformedCredentials: [{ token: "abc-def" }] })))
})

describe("verifying a token", () => {
  const paths = ["/user/tokens/verify", `/accounts/${Simulator.accountId}/tokens/verify`]
  const active = {
    status: 200,
    body: {
      ...Api.success({ id: "ed17574386854bf78a67040be0a770b0", status: "active" }),
      messages: [{ code: 10000, message: "This API Token is valid and active", type: null }]
    }
  }
  const invalid = { status: 401, body: Api.refusal(1000, "Invalid API Token") }

  it.effect("says whether it is active, unknown or malformed", () =>
    Effect.gen(function*() {
      for (const path of paths) {
        assert.deepStrictEqual(yield* asked(bearer("the-token"), path), active)
        assert.deepStrictEqual(yield* asked(bearer("another"), path), invalid)
        const malformed = yield* asked({ authorization: "Basic abc" }, path)
        assert.strictEqual(malformed.status, 400)
        assert.include(JSON.stringify(malformed.body), `"error_chain":[{"code":6111,`)
        assert.deepStrictEqual(yield* asked({}, path), missing)
      }
    }).pipe(memory({ credentials: [{ token: "the-token" }] })))

  it.effect("works for tokens only, and creates no account", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked(key("any"), "/user/tokens/verify"), invalid)
      assert.deepStrictEqual((yield* (yield* Simulator.Simulator).state).lists, [])
    }).pipe(memory()))
})

describe("an account id", () => {
  const cut = "023e105f4ecef8ad9ca31a8372d0c35"
  const path = `/accounts/${cut}/rules/lists`

  it.effect("of another length than 32 characters is not found", () =>
    Effect.gen(function*() {
      const message = `Could not route to /client/v4${path}, perhaps your object identifier is invalid?`
      assert.deepStrictEqual(yield* asked(bearer("any"), path), { status: 404, body: Api.refusal(7003, message) })
      assert.deepStrictEqual(yield* asked({}, path), missing)
      const { createList, startOperation } = yield* Simulator.Simulator
      const refusals = [createList({ accountId: cut, name: "blocked", kind: "ip" }), startOperation({ accountId: cut })]
      for (const refusal of refusals) {
        assert.strictEqual(
          (yield* Effect.flip(refusal)).message,
          `An account id has 32 characters, and "${cut}" has 31: Cloudflare would not find it. ` +
            `Use one of 32, or set \`anyAccountId: true\`.`
        )
      }
    }).pipe(memory()))

  it.effect("may have any length with anyAccountId", () =>
    Effect.gen(function*() {
      const { createList, startOperation } = yield* Simulator.Simulator
      yield* createList({ accountId: cut, name: "blocked", kind: "ip" })
      yield* startOperation({ accountId: cut })
      assert.strictEqual((yield* asked(bearer("any"), path)).status, 200)
    }).pipe(memory({ anyAccountId: true })))
})
