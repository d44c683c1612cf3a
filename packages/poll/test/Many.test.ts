import { BulkOperation, BulkOperations, CloudflareApi, Credentials, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollMetrics, PollOptions, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  DateTime,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Metric,
  Option,
  Random,
  Redacted,
  Ref,
  Schema,
  Stream,
  Tracer
} from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

const { BulkOperationPoller: Poller } = BulkOperationPoller

const scripted = (scripts: Parameters<typeof BulkOperationsTest.layer>[0]) =>
  BulkOperationPoller.layer.pipe(Layer.provideMerge(BulkOperationsTest.layer(scripts)))

const calls = Effect.flatMap(BulkOperationsTest.BulkOperationsTest, ({ calls }) => calls)

const unlimited = RequestBudget.layer({ limit: Infinity })

describe("many operations", () => {
  const scripts = {
    slow: BulkOperationsTest.lasting("1 minute"),
    quick: BulkOperationsTest.lasting("1 second"),
    bad: [BulkOperationsTest.failed("no")]
  } as const

  it.effect("waitAll gives all of them in the order of their ids, duplicates included", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const fiber = yield* Effect.forkChild(poller.waitAll(["slow", "quick", "slow"]))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).map(({ id }) => String(id)), ["slow", "quick", "slow"])
      assert.deepStrictEqual(yield* poller.waitAll([]), [])
    }).pipe(Effect.provide(scripted(scripts))))

  it.effect("waitAll fails as soon as one does, and stops looking at the others", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const error = yield* Effect.flip(poller.waitAll(["slow", "bad"]))
      assert.strictEqual(error.operationId, "bad")
      assert.strictEqual(error.reason._tag, "BulkOperationFailed")
      const before = (yield* calls).length
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* calls, before)
    }).pipe(Effect.provide(scripted(scripts))))

  it.effect("settle tells how each ended, in the order in which they end", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const fiber = yield* Effect.forkChild(Stream.runCollect(poller.settle(["slow", "quick", "bad"])))
      yield* TestClock.adjust("1 hour")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        settled.map(({ operationId, result }) => [operationId, result._tag]),
        [["bad", "Failure"], ["quick", "Success"], ["slow", "Success"]]
      )
    }).pipe(Effect.provide(scripted(scripts))))
})

describe("sharing, whatever the order", () => {
  // Who waits, from when, and until when it is interrupted if it is.
  const Person = Schema.Struct({
    joins: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 90 })),
    leavesAfter: Schema.Union([Schema.Null, Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))]),
    dense: Schema.Boolean,
    streams: Schema.Boolean
  })

  it.effect.prop(
    "whoever stays is told the truth, and no look is made when all have left",
    { people: Schema.Array(Person).check(Schema.isMaxLength(12)) },
    ({ people }) =>
      Effect.gen(function*() {
        const poller = yield* Poller
        const fibers = yield* Effect.forEach(people, ({ dense, joins, leavesAfter, streams }) => {
          const options = { schedule: dense ? PollSchedule.spaced("3 seconds") : PollSchedule.quadratic() }
          const told = streams
            ? Effect.map(Stream.runLast(poller.changes("op", options)), Option.map(({ status }) => status))
            : Effect.map(poller.wait("op", options), ({ status }) => Option.some(status))
          const staying = leavesAfter === null ? told : Effect.timeoutOption(told, leavesAfter * 1000).pipe(
            Effect.map(Option.flatten)
          )
          return Effect.forkChild(Effect.delay(staying, joins * 1000))
        })
        yield* TestClock.adjust("10 minutes")
        const ends = yield* Effect.forEach(fibers, Fiber.join)
        people.forEach(({ joins, leavesAfter }, index) => {
          // It ends a minute after the first look; with these schedules that is seen within half a minute.
          const stays = leavesAfter === null || joins >= 91
          if (stays) assert.deepStrictEqual(ends[index], Option.some("completed"))
        })
        const before = (yield* calls).length
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(yield* calls, before)
      }).pipe(Effect.provide(Layer.merge(scripted({ op: BulkOperationsTest.lasting("1 minute") }), unlimited))),
    { arbitrary: { runs: 60 } }
  )

  it.effect("nothing is left of 10,000 waits of which half were interrupted", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const active = Effect.map(Metric.value(PollMetrics.active), ({ value }) => value)
      const idle = yield* active
      const fibers = yield* Effect.forEach(Array.from({ length: 10_000 }, (_, index) => `op-${index % 2000}`), (id) =>
        Effect.forkChild(Effect.exit(poller.wait(id, { timeout: "1 minute" }))))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* active) - idle, 10_000)
      yield* Fiber.interruptAll(fibers.filter((_, index) =>
        index % 2 === 0
      ))
      yield* TestClock.adjust("1 hour")
      const { inFlight } = yield* BulkOperationsTest.BulkOperationsTest
      assert.strictEqual(yield* inFlight, 0)
      assert.strictEqual((yield* active) - idle, 0)
      const before = (yield* calls).length
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* calls, before)
    }).pipe(
      Effect.provide(Layer.provide(
        scripted(Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`op-${index}`, ["running"]]))),
        unlimited
      ))
    ), 30_000)

  it.effect("10,000 silent looks are all cut at the same deadline", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const ids = Array.from({ length: 10_000 }, (_, index) => `op-${index}`)
      const fibers = yield* Effect.forEach(ids, (id) =>
        Effect.forkChild(Effect.flip(poller.wait(id, { timeout: "1 minute" }))))
      yield* TestClock.adjust("1 minute")
      const errors = yield* Effect.forEach(fibers, Fiber.join)
      assert.isTrue(errors.every(({ _tag }) =>
        _tag === "PollTimeout"
      ))
    }).pipe(
      Effect.provide(Layer.provide(
        BulkOperationPoller.layer.pipe(Layer.provide(Layer.succeed(BulkOperations.BulkOperations, {
          accountId: "account",
          get: () => Effect.never
        }))),
        unlimited
      ))
    ), 30_000)

  it.effect("closing the poller interrupts its waits", () =>
    Effect.gen(function*() {
      const waits = yield* Effect.gen(function*() {
        const poller = yield* Poller
        const fiber = yield* Effect.forkDetach(poller.wait("op"))
        yield* TestClock.adjust("1 second")
        return fiber
      }).pipe(Effect.provide(scripted({ op: ["running"] })))
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(waits)))
    }))
})

describe("looks that fall due faster than they can be made", () => {
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
        Layer.provide(unlimited),
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

  it.effect("that cannot carry what is started is said once, with the figures, and nothing fails", () =>
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

describe("what it tells of itself", () => {
  it.effect("is a span for each wait, with ids, looks, lateness, and an event for each change", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const wait = Effect.flatMap(Poller, (poller) => poller.wait("op", { schedule: PollSchedule.spaced("4 seconds") }))
      const fiber = yield* Effect.forkChild(Effect.provideService(wait, Tracer.Tracer, tracer))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const span = spans.find(({ name }) => name === "BulkOperationPoller.wait")
      assert.deepStrictEqual(Object.fromEntries(span?.attributes ?? []), {
        "cloudflare.operation_id": "op",
        "cloudflare.account_id": "account",
        "bulk_operation.polls": 4,
        "bulk_operation.lateness_ms": 2000
      })
      assert.deepStrictEqual(span?.events.map(([name]) => name), ["running", "completed"])
    }).pipe(Effect.provide(scripted({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("cannot keep other waits from their end, whatever a tracer does", () =>
    Effect.gen(function*() {
      const broken = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          span.attribute = (key) => {
            if (key === "bulk_operation.polls") throw new Error("the tracer broke")
          }
          return span
        }
      })
      const poller = yield* Poller
      const wait = Effect.exit(poller.wait("op"))
      const active = yield* Metric.value(PollMetrics.active)
      const fibers = yield* Effect.forEach([wait, Effect.provideService(wait, Tracer.Tracer, broken), wait], (wait) =>
        Effect.forkChild(wait))
      yield* TestClock.adjust("1 minute")
      const exits = yield* Effect.forEach(fibers, Fiber.join)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, true])
      assert.isTrue(exits.some(Exit.hasDies))
      assert.deepStrictEqual(yield* Metric.value(PollMetrics.active), active)
    }).pipe(Effect.provide(scripted({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("counts each wait once, though it is interrupted in the very moment in which it ends", () =>
    Effect.gen(function*() {
      const active = Effect.map(Metric.value(PollMetrics.active), ({ value }) => value)
      const before = yield* active
      const poller = yield* Poller
      const wait = poller.wait("op", { schedule: PollSchedule.spaced("1 second") })
      const fibers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => index),
        (seconds) => Effect.forkChild(Effect.timeoutOption(wait, seconds * 1000))
      )
      yield* TestClock.adjust("1 minute")
      yield* Effect.forEach(fibers, Fiber.await)
      assert.strictEqual(yield* active, before)
    }).pipe(Effect.provide(scripted({ op: BulkOperationsTest.lasting("10 seconds") }))))

  it.effect("is the lateness by Cloudflare's clock, where the Date of its answers shows that the clocks differ", () =>
    Effect.gen(function*() {
      // Cloudflare's clock is a minute ahead; the operation ended two seconds before the look, by that clock.
      yield* TestClock.adjust("1 hour")
      const transport = HttpClient.make((request) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          HttpClientResponse.fromWeb(
            request,
            Response.json({
              success: true,
              errors: [],
              messages: [],
              result: now < 3_604_000
                ? { id: "op", status: "running" }
                : { id: "op", status: "completed", completed: new Date(3_602_000 + 60_000).toISOString() }
            }, { headers: { date: new Date(now + 60_000).toUTCString() } })
          ))
      )
      const layer = BulkOperationPoller.layer.pipe(
        Layer.provide(BulkOperations.layer),
        Layer.provide(CloudflareApi.layer({
          credentials: Credentials.apiToken(Redacted.make("token")),
          accountId: "account"
        })),
        Layer.provide(Layer.succeed(HttpClient.HttpClient, transport))
      )
      const before = yield* Metric.value(PollMetrics.lateness)
      const run = Effect.flatMap(Poller, (poller) => poller.wait("op", { schedule: PollSchedule.spaced("4 seconds") }))
      const fiber = yield* Effect.forkChild(Effect.provide(run, layer))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const after = yield* Metric.value(PollMetrics.lateness)
      assert.strictEqual(after.count - before.count, 1)
      // `Date` counts whole seconds.
      assert.approximately(after.sum - before.sum, 2.5, 0.6)
    }))
})

describe("PollOptions", () => {
  it.effect("are replaced for an application by a layer, and for one wait by its options", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const wait = (options?: BulkOperationPoller.WaitOptions) =>
        poller.wait("op", options).pipe(
          Effect.provideService(PollOptions.PollOptions, { ...PollOptions.defaults, timeout: "7 seconds" }),
          Effect.exit,
          Effect.andThen(Clock.currentTimeMillis),
          Effect.forkChild
        )
      const byLayer = yield* wait()
      const byArgument = yield* wait({ timeout: "9 seconds" })
      const undefinedIsDefault = yield* wait({ timeout: undefined })
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Effect.forEach([byLayer, byArgument, undefinedIsDefault], Fiber.join), [
        7000,
        9000,
        7000
      ])
    }).pipe(Effect.provide(scripted({ op: ["running"] }))))
})
