import { Credentials } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Caller from "../../src/internal/caller.ts"
import * as Client from "../Client.ts"

const refused = (credentials: Effect.Effect<Credentials.Credentials, unknown>) =>
  Effect.map(Effect.flip(Caller.resolve(credentials)), ({ detail, reason }) => {
    assert.strictEqual(reason, "Unauthorized")
    return detail
  })

const keyOf = (credentials: Credentials.Credentials, baseUrl: string) =>
  Effect.map(Caller.resolve(Effect.succeed(credentials)), ({ budgetKey }) => budgetKey(new URL(baseUrl)))

describe("headers", () => {
  it.effect("of an API token are the bearer token", () =>
    Effect.gen(function*() {
      const { headers } = yield* Caller.resolve(Effect.succeed(Client.apiToken))
      assert.deepStrictEqual(headers, { authorization: `Bearer ${Client.secret}` })
    }))

  it.effect("of a global key are the email and the key", () =>
    Effect.gen(function*() {
      const { headers } = yield* Caller.resolve(Effect.succeed(Client.globalKey))
      assert.deepStrictEqual(headers, { "x-auth-email": "user@example.com", "x-auth-key": Client.secret })
    }))
})

describe("show", () => {
  it.effect.each([Client.apiToken, Client.globalKey])(
    "removes the secret from a text",
    (credentials) =>
      Effect.gen(function*() {
        const { show } = yield* Caller.resolve(Effect.succeed(credentials))
        assert.strictEqual(show(`a ${Client.secret} b`), "a <redacted> b")
      })
  )
})

describe("budgetKey", () => {
  it.effect("is the same for the same credentials and base URL only", () =>
    Effect.gen(function*() {
      const key = yield* keyOf(Client.apiToken, "https://one.example")
      assert.strictEqual(yield* keyOf(Credentials.apiToken(Redacted.make(Client.secret)), "https://one.example"), key)
      assert.notStrictEqual(yield* keyOf(Client.apiToken, "https://other.example"), key)
      assert.notStrictEqual(yield* keyOf(Client.globalKey, "https://one.example"), key)
    }))
})

describe("refused credentials:", () => {
  it.effect("a malformed secret", () =>
    Effect.gen(function*() {
      const detail = yield* refused(Effect.succeed(Credentials.apiToken(Redacted.make("a b"))))
      assert.include(detail, "Expected one or more letters, digits or -._~+/=")
      assert.notInclude(detail, "a b")
    }))

  it.effect("a secret that was wiped", () =>
    Effect.gen(function*() {
      const secret = Redacted.make("5ecretT0ken")
      Redacted.wipeUnsafe(secret)
      assert.strictEqual(
        yield* refused(Effect.succeed(Credentials.apiToken(secret))),
        "Unable to get redacted value"
      )
    }))

  it.effect.each(
    [
      ["an error", new Error("the vault is sealed"), "the vault is sealed"],
      [
        "an error with a cause",
        new Error("no token", { cause: new Error("permission denied") }),
        "no token: permission denied"
      ],
      ["a text", "a text", "a text"],
      ["null", null, "null"],
      ["an object", { code: 1 }, "{\"code\":1}"],
      ["nothing", undefined, "their effect failed without a reason"],
      ["an error that is silent", new Error(), "their effect failed without a reason"]
    ] as const
  )("an effect that failed with %s", ([, failure, text]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refused(Effect.fail(failure)), text)
    }))

  it.effect("a rejected promise", () =>
    Effect.gen(function*() {
      const detail = yield* refused(Effect.tryPromise(() => Promise.reject(new Error("permission denied"))))
      assert.include(detail, ": permission denied")
    }))
})
