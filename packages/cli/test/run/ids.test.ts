import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as Ids from "../../src/run/ids.ts"

const id = "4da8780eeb215e6cb7f48dd981c4ea02"
const wrong = (text: string) =>
  Result.match(Ids.parse("Operation id", text), { onSuccess: () => "", onFailure: ({ message }) => message })

describe("ids", () => {
  it("accepts an id unchanged", () => {
    assert.deepStrictEqual(Ids.parse("Operation id", id), Result.succeed(id))
  })

  it("names the id in a URL that is passed instead", () => {
    const url = `https://api.cloudflare.com/client/v4/accounts/a/rules/lists/bulk_operations/${id}/?x=1`
    assert.strictEqual(wrong(url), `Operation id ${JSON.stringify(url)} is a URL. Pass the id alone: ${id}`)
  })

  it("says how to avoid quotes around an id", () => {
    assert.strictEqual(
      wrong(`"${id}"`),
      `Operation id "\\"${id}\\"" has quotes around it. Pass the id alone (jq prints it so with -r): ${id}`
    )
  })

  it.each(["", " ", "a b", "a/b", ".."])("refuses %j", (text) => {
    assert.include(wrong(text), "an id: one or more characters")
  })

  it.effect("reports all invalid ids at once, and removes duplicates", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Ids.operations([id, id, "b"]), [id, "b"])
      const { message } = yield* Effect.flip(Ids.operations(["a b", "fine", "'c'"]))
      assert.lengthOf(message.split("\n"), 2)
    }))
})
