import { BulkOperation } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { DateTime, Effect, Logger, Option, References, Schema } from "effect"
import recorded from "./data/responses.json" with { type: "json" }

const decode = Schema.decodeUnknownEffect(BulkOperation.BulkOperation)
const encode = Schema.encodeEffect(BulkOperation.BulkOperation)
const whyRefused = (wire: unknown) => Effect.map(Effect.flip(decode(wire)), (error) => error.message)

const { Pending, Running, Completed, Failed } = BulkOperation
const id = BulkOperation.OperationId.make("op")
const at = (iso: string) => Option.some(DateTime.makeUnsafe(iso))

const isStatusAnswer = Schema.is(Schema.Struct({
  endpoint: Schema.String.check(Schema.isIncluding("/bulk_operations/")),
  status: Schema.Literal(200),
  body: Schema.Struct({ success: Schema.Literal(true), result: Schema.Unknown })
}))
const results = recorded.filter(isStatusAnswer).map((answer) => answer.body.result)
const hasId = Schema.is(Schema.Struct({ id: Schema.String }))

// What is logged, at any level.
const watchLogs = () => {
  const logs: Array<unknown> = []
  const logger = Logger.make(({ logLevel, message }) => {
    logs.push([logLevel, message])
  })
  return {
    logs,
    logger: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      effect.pipe(Effect.provide(Logger.layer([logger])), Effect.provideService(References.MinimumLogLevel, "All"))
  }
}

describe("recorded answers", () => {
  it.effect("decode to their operations", () =>
    Effect.gen(function*() {
      assertEquals(yield* Effect.forEach(results.filter(hasId), (result) => decode(result)), [
        Completed.make({
          id: BulkOperation.OperationId.make("92558f8b296d4dbe9d0419e0e53f6622"),
          completed: at("2021-10-28T09:15:42Z")
        }),
        Failed.make({
          id: BulkOperation.OperationId.make("4da8780eeb215e6cb7f48dd981c4ea02"),
          completed: at("2020-01-01T08:00:00Z"),
          error: Option.some("This list is at the maximum number of items")
        }),
        Running.make({ id: BulkOperation.OperationId.make("000000000000000000000000000029ab") }),
        Failed.make({ id, completed: Option.none(), error: Option.some("bad row") }),
        Completed.make({ id, completed: at("2026-08-07T04:07:49.123Z") })
      ])
    }))

  it.effect("are refused without an id", () =>
    Effect.gen(function*() {
      const withoutId = results.filter((result) => !hasId(result))
      assert.deepStrictEqual(withoutId, [{ status: "completed" }])
      assert.strictEqual(yield* whyRefused(withoutId[0]), "Missing key\n  at [\"id\"]")
    }))
})

describe("wire form", () => {
  it.effect("decodes each status to its own state", () =>
    Effect.gen(function*() {
      const completed = "2026-01-31T08:00:00Z"
      assertEquals(
        yield* Effect.forEach([
          { id, status: "pending" },
          { id, status: "running" },
          { id, status: "completed", completed },
          { id, status: "failed", completed, error: "no" }
        ], (wire) => decode(wire)),
        [
          Pending.make({ id }),
          Running.make({ id }),
          Completed.make({ id, completed: at(completed) }),
          Failed.make({ id, completed: at(completed), error: Option.some("no") })
        ]
      )
    }))

  it.effect.each([{ id, status: "paused" }, { id, status: "Completed" }, { id, status: "" }, { id, status: null }, {
    id
  }])(
    "an unknown status is refused, with the known ones named: %j",
    (wire) =>
      Effect.gen(function*() {
        const expected = "Expected a bulk operation whose status is pending, running, completed or failed"
        assert.strictEqual(yield* whyRefused(wire), expected)
        const told = yield* Effect.flip(decode(wire, { reportInput: true }))
        assert.strictEqual(told.message, `${expected}, got ${JSON.stringify(wire)}`)
      })
  )

  it.effect.each([{}, { completed: null, error: null }, { completed: "", error: "" }])(
    "decodes an absent, null or empty time or text as none: %j",
    (blank) =>
      Effect.gen(function*() {
        assertEquals(
          yield* decode({ id, status: "completed", ...blank }),
          Completed.make({ id, completed: Option.none() })
        )
        const failed = Failed.make({ id, completed: Option.none(), error: Option.none() })
        const { logs, logger } = watchLogs()
        assertEquals(yield* decode({ id, status: "failed", ...blank }).pipe(logger), failed)
        assert.deepStrictEqual(logs, [])
        assert.deepStrictEqual<unknown>(yield* encode(failed), { id, status: "failed" })
      })
  )

  it.effect.each(
    [
      ["completed", { completed: "2026-02-30T00:00:00Z" }],
      ["completed", { completed: "2026-10-09T12:00:00" }],
      ["completed", { completed: 1_767_225_600 }],
      ["error", { error: { message: "full" } }],
      ["error", { error: ["full"] }]
    ] as const
  )(
    "the status decides alone: a broken %s is none, and a debug log says so: %j",
    ([name, broken]) =>
      Effect.gen(function*() {
        const { logs, logger } = watchLogs()
        const operation = yield* decode({ id, status: "failed", ...broken }).pipe(logger)
        assertEquals(operation, Failed.make({ id, completed: Option.none(), error: Option.none() }))
        assert.deepStrictEqual(logs, [["Debug", [`the ${name} of a bulk operation cannot be read`]]])
      })
  )

  it.effect("ignores keys that the state does not have", () =>
    Effect.gen(function*() {
      const extra = { completed: "not read", error: { not: "read" }, error_count: 1 }
      assertEquals(yield* decode({ id, status: "pending", ...extra }), Pending.make({ id }))
      assertEquals(
        yield* decode({ ...extra, id, status: "completed", completed: "2026-01-31T08:00:00Z" }),
        Completed.make({ id, completed: at("2026-01-31T08:00:00Z") })
      )
    }))

  it.effect.prop(
    "decodes an encoded operation to itself",
    [BulkOperation.BulkOperation],
    ([operation]) =>
      Effect.gen(function*() {
        assertEquals(yield* decode(yield* encode(operation)), operation)
      })
  )

  const timestamp = Schema.Int.check(Schema.isBetween({
    minimum: Date.parse("0000-01-01T00:00:00Z"),
    maximum: Date.parse("9999-12-31T23:59:59.999Z")
  }))
  const canonical = Schema.Union([
    Schema.Struct({ id: BulkOperation.OperationId, status: Schema.Literals(["pending", "running"]) }),
    Schema.Struct({
      id: BulkOperation.OperationId,
      status: Schema.Literal("completed"),
      completed: Schema.optionalKey(timestamp)
    }),
    Schema.Struct({
      id: BulkOperation.OperationId,
      status: Schema.Literal("failed"),
      completed: Schema.optionalKey(timestamp),
      error: Schema.optionalKey(Schema.NonEmptyString)
    })
  ])
  it.effect.prop(
    "encodes a decoded operation to its wire form",
    [canonical],
    ([wire]) =>
      Effect.gen(function*() {
        const expected = "completed" in wire && wire.completed !== undefined
          ? { ...wire, completed: new Date(wire.completed).toISOString().replace(".000Z", "Z") }
          : wire
        assert.deepStrictEqual<unknown>(yield* encode(yield* decode(expected)), expected)
      })
  )
})

describe("ids", () => {
  const decodeId = Schema.decodeUnknownEffect(BulkOperation.OperationId)
  const decodeAccountId = Schema.decodeUnknownEffect(BulkOperation.AccountId)

  it.effect.each([
    ["empty", ""],
    ["a slash", "a/b"],
    ["a backslash", "a\\b"],
    ["a dot", "."],
    ["two dots", ".."],
    ["a space", "a b"],
    ["a leading space", " a"],
    ["a trailing newline", "a\n"],
    ["a tab", "a\tb"],
    ["a no-break space", "a\u00a0b"],
    ["a line separator", "a\u2028b"],
    ["a null character", "a\0b"],
    ["an escape character", "a\u001bb"],
    ["a delete character", "a\u007fb"],
    ["a C1 control character", "a\u0085b"],
    ["a lone high surrogate", "a\ud83d"],
    ["a lone low surrogate", "\ude00a"],
    ["a zero-width space", "a\u200bb"],
    ["a zero-width joiner", "a\u200db"],
    ["a byte order mark", "\ufeffa"],
    ["a soft hyphen", "a\u00adb"],
    ["a right-to-left override", "a\u202eb"],
    ["a private use character", "a\ue000b"]
  ])("%s is refused", ([, text]) =>
    Effect.gen(function*() {
      const expected =
        "Expected an id: one or more characters, no spaces, slashes or control characters, and not \".\" or \"..\""
      assert.strictEqual((yield* Effect.flip(decodeId(text))).message, expected)
      assert.strictEqual((yield* Effect.flip(decodeAccountId(text))).message, expected)
      assert.strictEqual(yield* whyRefused({ id: text, status: "running" }), `${expected}\n  at ["id"]`)
    }))

  it.effect.each([42, null, undefined, {}])(
    "are refused if they are not strings: %s",
    (input) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Effect.flip(decodeId(input))).message, "Expected string")
      })
  )

  it.effect.each([
    "4da8780eeb215e6cb7f48dd981c4ea02",
    "op-1",
    "a..b",
    "...",
    "%",
    "%2e%2e",
    "?",
    "#",
    "a:b@c;d=e&f+g,h",
    "opération",
    "操作",
    "😀",
    "0"
  ])("%s is accepted", (text) =>
    Effect.gen(function*() {
      assert.strictEqual<string>(yield* decodeId(text), text)
      assert.strictEqual<string>(yield* decodeAccountId(text), text)
    }))

  it.prop("can be segments of a URL path", [BulkOperation.OperationId], ([id]) => {
    const { pathname } = new URL(`https://api.test/before/${encodeURIComponent(id)}/after`)
    assert.deepStrictEqual(pathname.split("/").map(decodeURIComponent), ["", "before", id, "after"])
  })
})

describe("states", () => {
  const operations = [
    Pending.make({ id }),
    Running.make({ id }),
    Completed.make({ id, completed: Option.none() }),
    Failed.make({ id, completed: Option.none(), error: Option.none() })
  ]

  it("isTerminal holds for completed and failed, and narrows to them", () => {
    const ended: ReadonlyArray<BulkOperation.Terminal> = operations.filter(BulkOperation.isTerminal)
    assert.deepStrictEqual(ended.map((operation) => operation.status), ["completed", "failed"])
  })

  it("match calls the case of the operation's status, and requires all cases", () => {
    const tell = BulkOperation.BulkOperation.match({
      pending: () => "not begun",
      running: () => "under way",
      completed: () => "done",
      failed: () => "given up"
    })
    assert.deepStrictEqual(operations.map(tell), ["not begun", "under way", "done", "given up"])

    // @ts-expect-error the case `failed` is missing
    BulkOperation.BulkOperation.match({ pending: () => "", running: () => "", completed: () => "" })
  })
})

describe("failureKind", () => {
  it.each(
    [
      ["capacity", "This list is at the maximum number of items"],
      ["rateLimited", "you have been ratelimited please wait and try again"],
      ["rateLimited", "Rate limit exceeded"],
      ["rateLimited", "rate-limited"],
      ["rateLimited", "Too Many Requests"],
      [
        "urlLimit",
        "This account has reached the limit on the number of URL matching items on the same hostname/path"
      ],
      ["urlLimit", "Maximum number of repeated URL source paths exceeded"],
      ["unknown", "bad row"]
    ] as const
  )("%s: %s", (kind, text) => {
    assert.strictEqual(
      BulkOperation.failureKind(Failed.make({ id, completed: Option.none(), error: Option.some(text) })),
      kind
    )
  })

  it("is unknown without a text", () => {
    assert.strictEqual(
      BulkOperation.failureKind(Failed.make({ id, completed: Option.none(), error: Option.none() })),
      "unknown"
    )
  })
})
