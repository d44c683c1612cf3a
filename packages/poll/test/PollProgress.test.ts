import { BulkOperation, CloudflareError } from "@bulk-operations/core"
import { PollProgress } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Option, Schema } from "effect"
import { badGateway } from "./Scripted.ts"

const bare: PollProgress.PollProgress = {
  operationId: "op",
  accountId: Option.none(),
  operation: Option.none(),
  polls: 0,
  elapsed: Duration.zero,
  nextPollAt: Option.none(),
  deadline: Option.none(),
  transientError: Option.none(),
  isThrottled: false
}

const full: PollProgress.PollProgress = {
  operationId: "op",
  accountId: Option.some("account"),
  operation: Option.some({ id: BulkOperation.OperationId.make("op"), status: "running" }),
  polls: 3,
  elapsed: Duration.millis(4500),
  nextPollAt: Option.some(DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")),
  deadline: Option.some(DateTime.makeUnsafe("2026-01-02T04:00:00.000Z")),
  transientError: Option.some(new CloudflareError.CloudflareError({ reason: badGateway })),
  isThrottled: true
}

describe("PollProgress", () => {
  const json = Schema.fromJsonString(Schema.toCodecJson(PollProgress.PollProgress))

  for (
    const [name, progress] of [["of a wait without an answer yet", bare], ["with everything", full]] as const
  ) {
    it.effect(`${name} survives JSON`, () =>
      Effect.gen(function*() {
        const stored = yield* Schema.encodeEffect(json)(progress)
        assert.deepStrictEqual(yield* Schema.decodeEffect(json)(stored), progress)
      }))
  }

  it.effect("is plain JSON: absent values are left out, times are texts, elapsed is milliseconds", () =>
    Effect.gen(function*() {
      const encode = Schema.encodeEffect(PollProgress.PollProgress)
      assert.deepStrictEqual(yield* encode(bare), { operationId: "op", polls: 0, elapsed: 0, isThrottled: false })
      const { transientError: _, ...rest } = yield* encode(full)
      assert.deepStrictEqual(rest, {
        operationId: "op",
        accountId: "account",
        operation: { id: "op", status: "running" },
        polls: 3,
        elapsed: 4500,
        nextPollAt: "2026-01-02T03:04:05.678Z",
        deadline: "2026-01-02T04:00:00.000Z",
        isThrottled: true
      })
    }))
})
