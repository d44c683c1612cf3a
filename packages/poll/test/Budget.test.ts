import { BulkOperation, BulkOperations, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, Fiber, Layer, Logger, Option, Random, Ref } from "effect"
import { TestClock } from "effect/testing"

const { BulkOperationPoller: Poller } = BulkOperationPoller

describe("polls that fall due faster than they can be made", () => {
  it.effect("leave time to everything else", () =>
    Effect.gen(function*() {
      let looks = 0
      // Each reading of the clock takes a millisecond, and so there is a look due after every look.
      let millis = 0
      const clock = yield* Clock.Clock
      const slow: Clock.Clock = {
        currentTimeMillisUnsafe: () => millis++,
        currentTimeMillis: Effect.sync(() => millis++),
        currentTimeNanosUnsafe: () => BigInt(millis++) * 1_000_000n,
        currentTimeNanos: Effect.sync(() => BigInt(millis++) * 1_000_000n),
        monotonicTimeNanosUnsafe: () => BigInt(millis++) * 1_000_000n,
        monotonicTimeNanos: Effect.sync(() => BigInt(millis++) * 1_000_000n),
        sleep: (duration) => clock.sleep(duration)
      }
      const operations = Layer.succeed(BulkOperations.BulkOperations, {
        accountId: "account",
        get: (operationId) =>
          Effect.sync(() => {
            looks += 1
            const id = BulkOperation.OperationId.make(operationId)
            return looks < 1000 ? { id, status: "running" } : { id, status: "completed", completed: Option.none() }
          })
      })
      const layer = BulkOperationPoller.layer.pipe(
        Layer.provide(operations),
        Layer.provide(RequestBudget.layer({ limit: Infinity })),
        Layer.provide(Layer.succeed(Clock.Clock, slow))
      )
      const waits = Poller.use((poller) =>
        poller.waitAll(["a", "b", "c"], { schedule: PollSchedule.spaced("1 milli") })
      )
      const fiber = yield* Effect.forkChild(Effect.provide(waits, layer))
      yield* TestClock.adjust("5 millis")
      assert.isBelow(looks, 100)
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(yield* Fiber.join(fiber), 3)
    }))
})

// A Cloudflare that counts: 1,200 requests in any five minutes, or it blocks.
const counting = (ids: ReadonlyArray<string>) => {
  const ends = new Map<string, number>()
  const looks: Array<number> = []
  const script = ({ at, operationId }: BulkOperationsTest.Call): BulkOperationsTest.Answer => {
    looks.push(DateTime.toEpochMillis(at))
    const completed = DateTime.makeUnsafe(ends.get(operationId) ?? 0)
    return DateTime.isLessThan(at, completed) ? "running" : { status: "completed", completed }
  }
  const layer = BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperationsTest.layer(Object.fromEntries(ids.map((id) => [id, script]))))
  )
  const most = () => {
    let from = 0
    return looks.reduce((most, look, index) => {
      while ((looks[from] ?? 0) <= look - 300_000) from++
      return Math.max(most, index - from + 1)
    }, 0)
  }
  return { ends, layer, most }
}

// Operations that start at random times of an hour and last 1 second to 30 minutes.
const anHourOf = (waits: number) =>
  Effect.gen(function*() {
    const ids = Array.from({ length: waits }, (_, index) => `op-${index}`)
    const { ends, layer, most } = counting(ids)
    const ended = yield* Ref.make(0)
    const run = Effect.gen(function*() {
      const poller = yield* Poller
      yield* Effect.forEach(ids, (id) =>
        Effect.gen(function*() {
          yield* Effect.sleep((yield* Random.next) * 3_600_000)
          const startedAt = yield* DateTime.now
          ends.set(id, DateTime.toEpochMillis(startedAt) + 1000 * 1800 ** (yield* Random.next))
          yield* poller.wait(id, { startedAt, timeout: "Infinity" })
          yield* Ref.update(ended, (count) => count + 1)
        }).pipe(Effect.forkChild))
      yield* TestClock.adjust("4 hours")
    })
    yield* Effect.provide(run, layer)
    return { ended: yield* Ref.get(ended), most: most() }
  }).pipe(Random.withSeed("an hour"))

const warningsOf = Effect.fnUntraced(function*(
  ids: ReadonlyArray<string>,
  wait: (poller: BulkOperationPoller.BulkOperationPoller["Service"]) => Effect.Effect<unknown>
) {
  const messages: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") messages.push(String(message))
  })
  const { ends, layer } = counting(ids)
  ids.forEach((id) => ends.set(id, 1000))
  const run = Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Poller.use(wait))
    yield* TestClock.adjust("2 hours")
    yield* Fiber.join(fiber)
  })
  yield* Effect.provide(run, Layer.provideMerge(layer, Logger.layer([logger])))
  return messages
})

describe("the request budget", () => {
  it.effect("is kept by 1,000 waits in an hour, and all of them end", () =>
    Effect.gen(function*() {
      const { ended, most } = yield* anHourOf(1000)
      assert.strictEqual(ended, 1000)
      assert.isAtMost(most, 1200)
    }), 60_000)

  it.effect("is kept by 10,000 waits in an hour, close to what it can carry at all", () =>
    Effect.gen(function*() {
      const { ended, most } = yield* anHourOf(10_000)
      assert.strictEqual(ended, 10_000)
      assert.isAtMost(most, 1200)
    }), 60_000)

  it.effect("that cannot carry 2,000 waits is said once, with the figures, and nothing fails", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 2000 }, (_, index) => `op-${index}`)
      const messages = yield* warningsOf(
        ids,
        (poller) =>
          Effect.forEach(
            ids,
            (id, index) => Effect.delay(Effect.orDie(poller.wait(id, { timeout: "2 hours" })), index * 200),
            {
              concurrency: "unbounded"
            }
          )
      )
      assert.lengthOf(messages, 1)
      assert.match(messages[0] ?? "", /Request budget too small: \d+ polls queued, [23]\.\d polls per second/)
    }))

  it.effect("is not called too small after a rush that it gets through", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 500 }, (_, index) => `op-${index}`)
      assert.deepStrictEqual(yield* warningsOf(ids, (poller) => Effect.orDie(poller.waitAll(ids))), [])
    }))
})
