import { Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Api from "../Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))

const asked = (headers: Record<string, string>) =>
  Effect.map(Api.call("GET", Api.lists, { headers }), ({ body, status }) => ({ body, status }))

describe("credentials", () => {
  const missing = { status: 403, body: Api.refusal(10000, "Authentication error") }
  const unknown = { status: 401, body: Api.refusal(9109, "Invalid access token") }

  it.effect("are needed, and by default any will do", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asked({}), missing)
      assert.deepStrictEqual(yield* asked({ "x-auth-email": "user@example.com" }), missing)
      const malformed = yield* asked({ authorization: "Basic abc" })
      assert.deepInclude(malformed, { status: 400 })
      assert.strictEqual((yield* asked({ authorization: "Bearer any" })).status, 200)
      assert.strictEqual((yield* asked({ "x-auth-email": "user@example.com", "x-auth-key": "any" })).status, 200)
    }).pipe(memory()))

  it.effect("can be restricted to some", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* asked({ authorization: "Bearer the-token" })).status, 200)
      assert.deepStrictEqual(yield* asked({ authorization: "Bearer another" }), unknown)
      assert.strictEqual((yield* asked({ "x-auth-email": "user@example.com", "x-auth-key": "the-key" })).status, 200)
      assert.deepStrictEqual(yield* asked({ "x-auth-email": "user@example.com", "x-auth-key": "another" }), unknown)
    }).pipe(memory({
      credentials: [{ token: Redacted.make("the-token") }, { email: "user@example.com", key: "the-key" }]
    })))
})
