import { BulkOperation } from "@bulk-operations/core"
import { PollHistory } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import type * as Feed from "../../src/internal/feed.ts"
import * as Lessons from "../../src/internal/lessons.ts"

const id = BulkOperation.OperationId.make("op")

// At the same moment the monotonic clock of the feed read 1000 and the wall clock 101,000.
const feed: Feed.Feed = {
  key: "op",
  operationId: "op",
  accountId: "account",
  readers: new Set(),
  last: undefined,
  underWayAt: 3000.4,
  isEnded: false,
  origin: { startedAt: 100_000, wallTime: 100_000, history: "nightly" },
  failingSince: undefined,
  latency: undefined,
  poll: undefined,
  priority: "poll",
  isSent: false,
  sentAt: 0
}

const completedAt = (at: number | undefined): BulkOperation.Terminal => ({
  id,
  status: "completed",
  completed: Option.map(Option.fromUndefinedOr(at), (at) => DateTime.makeUnsafe(at))
})

// What the history of the job holds after one operation, where Cloudflare's clock is so far ahead.
const learned = (feed: Feed.Feed, ended: Feed.Ended | undefined, ahead = 0, accountId = "account") =>
  Effect.gen(function*() {
    const histories = yield* PollHistory.make
    const lessons = Lessons.make({ histories, fork: Effect.runFork, clockOffset: () => ahead })
    lessons.take(feed, ended)
    const { operations } = yield* histories.history({ accountId, name: "nightly" })
    return operations.map(({ from, to }) => [from, to])
  })

describe("lessons", () => {
  it.effect("use completed, which names the second of the end", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* learned(feed, { operation: completedAt(105_000), at: 9000 }), [[5000, 6000]])
    }))

  it.effect("move completed by the offset of Cloudflare's clock, in whole seconds", () =>
    Effect.gen(function*() {
      const hour = 3_600_000
      const ahead = { operation: completedAt(105_000 + hour), at: 9000 }
      const behind = { operation: completedAt(105_000 - 90_000), at: 9000 }
      assert.deepStrictEqual(yield* learned(feed, ahead, hour + 300), [[5000, 6000]])
      assert.deepStrictEqual(yield* learned(feed, behind, -90_300), [[5000, 6000]])
    }))

  it.effect("use the polls if completed is unknown", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* learned(feed, { operation: completedAt(undefined), at: 9000 }), [[3000, 9000]])
    }))

  it.effect("keep the age of an operation without an end, and nothing of one without a start", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* learned(feed, undefined), [[3000, undefined]])
      assert.deepStrictEqual(yield* learned({ ...feed, underWayAt: undefined }, undefined), [])
      const ended = { operation: completedAt(105_000), at: 9000 }
      assert.deepStrictEqual(yield* learned({ ...feed, origin: undefined }, ended), [])
    }))

  it.effect("are kept without an account if none is known", () =>
    Effect.gen(function*() {
      assert.lengthOf(yield* learned({ ...feed, accountId: undefined }, undefined, 0, ""), 1)
    }))
})
