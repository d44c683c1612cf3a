import { assert, describe, it } from "@effect/vitest"
import * as Causes from "../../src/internal/causes.ts"

const withCode = (error: Error, fields: object) => Object.assign(error, fields)

describe("the description", () => {
  it.each(
    [
      ["the text", new Error("boom"), "boom"],
      [
        "each cause",
        new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }),
        "fetch failed: connect ECONNREFUSED"
      ],
      [
        "a code that the text has not",
        withCode(new Error("other side closed"), { code: "UND_ERR_SOCKET" }),
        "other side closed (UND_ERR_SOCKET)"
      ],
      ["a code once", withCode(new Error("read ECONNRESET"), { code: "ECONNRESET" }), "read ECONNRESET"],
      ["a code without a text", withCode(new Error(), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
      ["no code where it is undefined", withCode(new Error("boom"), { code: undefined }), "boom"],
      [
        "an address of a host with several",
        new TypeError("fetch failed", {
          cause: withCode(
            new AggregateError([
              new Error("connect ECONNREFUSED ::1:9"),
              new Error("connect ECONNREFUSED 127.0.0.2:9"),
              new Error("connect ECONNREFUSED 127.0.0.1:9")
            ]),
            { code: "ECONNREFUSED" }
          )
        }),
        "fetch failed: ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:9"
      ],
      ["a text", "boom", "boom"],
      ["an object", { a: ["b"] }, "{\"a\":[\"b\"]}"],
      ["null", null, "null"],
      ["nothing of nothing", undefined, ""],
      ["nothing of a silent error", new Error(), ""],
      ["no silent error in between", new Error("a", { cause: new Error("", { cause: "b" }) }), "a: b"]
    ] as const
  )("contains %s", (_, error, text) => {
    assert.strictEqual(Causes.describe(error), text)
  })

  it("ends if causes are circular", () => {
    const error = new Error("again")
    error.cause = error
    assert.strictEqual(Causes.describe(error), Array.from({ length: 8 }, () => "again").join(": "))
  })
})

describe("the chain", () => {
  it("has message, code and syscall of each error", () => {
    const cause = withCode(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" })
    assert.deepStrictEqual(Causes.chain(new TypeError("fetch failed", { cause })), [
      { message: "fetch failed", code: "", syscall: "" },
      { message: "connect ECONNREFUSED", code: "ECONNREFUSED", syscall: "connect" }
    ])
  })
})
