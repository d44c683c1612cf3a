/**
 * Pollers and the request budget of the credentials that they use, over HTTP in memory.
 */
import { BulkOperation, BulkOperations, CloudflareApi, Credentials, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollMetrics } from "@bulk-operations/poll"
import { Fault, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import {
  Clock,
  DateTime,
  Duration,
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
  Schedule,
  Stream
} from "effect"
import { HttpClient, HttpServerResponse } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as Scripted from "./Scripted.ts"

const { BulkOperationPoller: Poller } = BulkOperationPoller

const credentials = Credentials.apiToken(Redacted.make("any-token"))

const Api = CloudflareApi.layer({ credentials, accountId: Simulator.accountId })
const Cloudflare = Layer.provideMerge(BulkOperations.layer, Api)
const Waiting = Layer.provideMerge(BulkOperationPoller.layer, Cloudflare)

interface Call {
  readonly id: string
  /** Milliseconds since the test began. */
  readonly at: number
  readonly attempt: number
}

interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly completed?: number
}

const running: Reply = {}

const completedAt = (end: number) => ({ at }: Call): Reply => at < end ? running : { completed: end }

const bodyOf = (id: string, { completed, status = 200 }: Reply) =>
  status === 200
    ? {
      success: true,
      errors: [],
      messages: [],
      result: completed === undefined
        ? { id, status: "running" }
        : { id, status: "completed", completed: DateTime.formatIso(DateTime.makeUnsafe(completed)) }
    }
    : { success: false, errors: [{ message: "refused" }], messages: [], result: null }

/** A Cloudflare that answers after 100 ms, and what it was asked. */
const answering = (answer: (call: Call) => Reply, latency = 100) => {
  const calls: Array<Call> = []
  const attempts = new Map<string, number>()
  const client = HttpClient.make((request, url) =>
    Effect.gen(function*() {
      const id = url.pathname.split("/").at(-1) ?? ""
      const attempt = (attempts.get(id) ?? 0) + 1
      attempts.set(id, attempt)
      const call = { id, at: yield* Clock.currentTimeMillis, attempt }
      calls.push(call)
      yield* Effect.sleep(latency)
      const reply = answer(call)
      const { headers = {}, status = 200 } = reply
      return HttpServerResponse.toClientResponse(
        HttpServerResponse.jsonUnsafe(bodyOf(id, reply), { status, headers }),
        { request }
      )
    })
  )
  const times = (about: (id: string) => boolean = () => true) => calls.filter(({ id }) => about(id)).map(({ at }) => at)
  return { times, transport: Layer.succeed(HttpClient.HttpClient, client) }
}

const isLong = (id: string) => id.startsWith("long")

const names = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}-${index}`)

const mean = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/** The most of these times that are in any five minutes. */
const most = (times: ReadonlyArray<number>) => {
  let first = 0
  return times.reduce((most, time, index) => {
    while ((times[first] ?? time) <= time - 300_000) first++
    return Math.max(most, index - first + 1)
  }, 0)
}

/** How many of these times are from here to there, in minutes. */
const between = (times: ReadonlyArray<number>, from: number, to: number) =>
  times.filter((at) => at >= from * 60_000 && at < to * 60_000).length

/** Waits, and says by how much the end was detected late. */
const lateness = (id: string, end: number, options?: BulkOperationPoller.WaitOptions) =>
  Effect.gen(function*() {
    yield* Poller.use((poller) => poller.wait(id, options))
    return (yield* Clock.currentTimeMillis) - end
  })

/** The same for operations that take `takes` milliseconds each, one started every `gap`. */
const stream = (ids: ReadonlyArray<string>, first: number, gap: number, takes: number) => {
  const ends = new Map(ids.map((id, index) => [id, first + index * gap + takes]))
  const waits = Effect.forEach(
    ids,
    (id, index) => Effect.delay(lateness(id, ends.get(id) ?? 0), first + index * gap),
    { concurrency: "unbounded" }
  )
  const answer = (call: Call) => completedAt(ends.get(call.id) ?? Infinity)(call)
  return { answer, waits }
}

describe("a 429 about one operation", () => {
  it.effect.each(["1 second", "1 minute", "5 minutes"] as const)(
    "does not delay other waits, although its own retries after %s",
    (gap) =>
      Effect.gen(function*() {
        const { transport } = answering((call) => call.id === "odd" ? { status: 429 } : completedAt(5000)(call))
        const run = Effect.gen(function*() {
          const other = yield* Effect.forkChild(lateness("other", 5000, { schedule: Scripted.everySecond }))
          yield* TestClock.adjust("1500 millis")
          yield* Effect.forkChild(
            Effect.exit(Poller.use((poller) => poller.wait("odd", { transientSchedule: Schedule.spaced(gap) })))
          )
          yield* TestClock.adjust("1 minute")
          return yield* Fiber.join(other)
        })
        assert.isAtMost(yield* Effect.provide(run, Layer.provide(Waiting, transport)), 1200)
      })
  )

  it.effect("makes no difference to a hundred other waits", () =>
    Effect.gen(function*() {
      const { answer, waits } = stream(names(100, "op"), 0, 5000, 3000)
      const run = (isOddThere: boolean) => {
        const { transport } = answering((call) => call.id === "odd" ? { status: 429 } : answer(call))
        return Effect.gen(function*() {
          if (isOddThere) yield* Effect.forkChild(Effect.exit(Poller.use((poller) => poller.wait("odd"))))
          const all = yield* Effect.forkChild(waits)
          yield* TestClock.adjust("1 hour")
          return mean(yield* Fiber.join(all))
        }).pipe(Effect.provide(Layer.provideMerge(Layer.provide(Waiting, transport), TestClock.layer())))
      }
      assert.isAtMost(yield* run(true), (yield* run(false)) + 100)
    }))
})

describe("a block of five minutes", () => {
  it.effect("is met by 300 waits with at most 30 requests, and all of them end after it", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const ids = yield* Effect.forEach(names(300, "op"), () => simulator.startOperation({ duration: "8 minutes" }))
      const all = yield* Effect.forkChild(Poller.use((poller) => poller.waitAll(ids)))
      yield* TestClock.adjust("2 minutes")
      yield* simulator.inject(Fault.rateLimited())
      yield* TestClock.adjust("5 minutes")
      yield* simulator.clearFaults
      const times = (yield* simulator.requests).map(({ receivedAt }) => DateTime.toEpochMillis(receivedAt))
      assert.isAtMost(between(times, 2, 7), 30)
      yield* TestClock.adjust("10 minutes")
      assert.lengthOf(yield* Fiber.join(all), 300)
    }).pipe(Effect.provide(Layer.provideMerge(Waiting, Simulator.layerHttpClient()))), 60_000)

  it.effect(
    "caused by the application delays polls, but not the application's own calls",
    () =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.Simulator
        const { get } = yield* BulkOperations.BulkOperations
        const id = yield* simulator.startOperation({ duration: "1 minute" })
        const fiber = yield* Effect.forkChild(lateness(id, 60_000))
        yield* Effect.forkChild(
          Effect.forEach(names(1300, "call"), () => Effect.exit(get(id)), { concurrency: "unbounded" }).pipe(
            Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, retry: undefined }))
          )
        )
        yield* TestClock.adjust(0)
        const left = yield* RequestBudget.left(credentials)
        assert.deepStrictEqual(left.blockedFor, Duration.minutes(5))
        assert.isAtLeast((yield* simulator.requests).length, 1300)
        yield* TestClock.adjust("4 minutes")
        assert.isAtMost((yield* simulator.requests).length, 1302)
        yield* TestClock.adjust("3 minutes")
        assert.isAtMost(yield* Fiber.join(fiber), 300_000)
      }).pipe(Effect.provide(Layer.provideMerge(Waiting, Simulator.layerHttpClient()))),
    60_000
  )
})

const pollingWith = (name: string, share: number) =>
  Poller.use((poller) => poller.waitAll(names(100, name), { schedule: Scripted.everySecond, timeout: "Infinity" }))
    .pipe(
      Effect.provide(Layer.provide(Waiting, RequestBudget.layer({ share })))
    )

describe("a short budget", () => {
  it.effect(
    "with 2,000 long waits detects operations of 2 seconds within 30 seconds in the mean",
    () =>
      Effect.gen(function*() {
        const { answer, waits } = stream(names(400, "short"), 600_000, 3000, 2000)
        const { times, transport } = answering((call) => isLong(call.id) ? running : answer(call))
        const run = Effect.gen(function*() {
          yield* Effect.forkChild(Poller.use((poller) => poller.settle(names(2000, "long")).pipe(Stream.runDrain)))
          const short = yield* Effect.forkChild(waits)
          yield* TestClock.adjust("40 minutes")
          return mean(yield* Fiber.join(short))
        })
        assert.isAtMost(yield* Effect.provide(run, Layer.provide(Waiting, transport)), 30_000)
        assert.isAtMost(most(times()), 1200)
        assert.isAtLeast(times().length, 0.99 * 8 * 864)
      }),
    120_000
  )

  it.effect.each(
    [["without a start", false], ["of operations that have just started", true]] as const
  )(
    "lets short timeouts %s, tried again at once, starve no long wait",
    ([, isKnown]) =>
      Effect.gen(function*() {
        const { times, transport } = answering(() => running)
        const run = Effect.gen(function*() {
          const poller = yield* Poller
          const tried = (id: string) =>
            Effect.flatMap(DateTime.now, (now) =>
              poller.wait(id, { startedAt: isKnown ? now : undefined, timeout: "10 seconds" })).pipe(
                Effect.retry(Schedule.forever)
              )
          yield* Effect.forkChild(poller.waitAll(names(10, "long"), { timeout: "1 hour" }))
          yield* Effect.forkChild(
            Effect.forEach(names(40, "short"), (id, index) =>
              Effect.delay(tried(id), index * 250), {
              concurrency: "unbounded"
            })
          )
          yield* TestClock.adjust("10 minutes")
        })
        yield* Effect.provide(run, Layer.provide(Waiting, transport))
        const silences = names(10, "long").flatMap((long) => {
          const polls = times((id) => id === long)
          return [...polls, 10 * 60_000].slice(1).map((at, index) => at - (polls[index] ?? 0))
        })
        // Their own gap is 24 seconds then.
        assert.isAtMost(Math.max(...silences), 90_000)
      }),
    120_000
  )

  it.effect(
    "is one for two pollers, single polls and other calls with the same credentials",
    () =>
      Effect.gen(function*() {
        const { times, transport } = answering(() => running)
        const run = Effect.gen(function*() {
          yield* Effect.forkChild(pollingWith("one", 0.8))
          yield* Effect.forkChild(pollingWith("two", 0.7))
          const { get } = yield* Effect.provide(BulkOperations.BulkOperations, Cloudflare)
          yield* Effect.forkChild(Effect.repeat(get("call"), Schedule.spaced("1 second")))
          yield* TestClock.adjust("20 minutes")
        })
        yield* Effect.provide(run, transport)
        assert.isAtMost(most(times()), 961)
        const [one, two] = [times((id) => id.startsWith("one")).length, times((id) => id.startsWith("two")).length]
        assert.isAtLeast(Math.min(one, two), 0.5 * Math.max(one, two))
        // Calls of the application are not delayed: 1.1 seconds apart each.
        assert.isAtLeast(times((id) => id === "call").length, 1080)
      }),
    120_000
  )

  it.effect("shows in what is left of the budget", () =>
    Effect.gen(function*() {
      const { transport } = answering(() => running)
      const run = Effect.gen(function*() {
        yield* Effect.forkChild(Poller.use((poller) => poller.waitAll(names(200, "op"))))
        yield* TestClock.adjust("10 seconds")
        return yield* RequestBudget.left(credentials)
      })
      const { isShort, remaining, waiting } = yield* Effect.provide(run, Layer.provide(Waiting, transport))
      assert.deepStrictEqual({ isShort, remaining, waiting }, { isShort: true, remaining: 0, waiting: 1 })
    }))
})

// What answers say of limits, whether all of them or the first alone, and how many polls of one a second that allows in
// 100 seconds at least.
const headers: ReadonlyArray<readonly [name: string, headers: Reply["headers"], once: boolean, polls: number]> = [
  ["nothing", {}, false, 100],
  [
    "what the docs show",
    { "ratelimit": "\"default\";r=50;t=30", "ratelimit-policy": "\"burst\";q=100;w=60" },
    false,
    2
  ],
  ["one request a second", { "ratelimit-policy": "\"x\";q=1;w=1" }, false, 90],
  ["one request in 30,000 years, once", { "ratelimit-policy": "\"x\";q=1;w=999999999999" }, true, 1],
  ["ten requests a day, once", { "ratelimit-policy": "\"daily\";q=10;w=86400" }, true, 1],
  ["more than there are", { "ratelimit-policy": "\"x\";q=99999999999999999999999;w=1" }, false, 100],
  ["nothing left for three years, once", { ratelimit: "\"default\";r=0;t=99999999" }, true, 1],
  ["less than nothing", { "ratelimit": "\"default\";r=-3;t=-1", "ratelimit-policy": "\"x\";q=-5;w=-1" }, false, 100],
  [
    "a name with a comma",
    { "ratelimit": "\"a,b\";r=1100;t=30", "ratelimit-policy": "\"a,b\";q=1200;w=300" },
    false,
    100
  ],
  ["spaces", { "ratelimit": "\"x\" ; r=1000 ; t=10", "ratelimit-policy": "\"x\" ; q=1200 ; w=300" }, false, 100],
  ["bytes", { "ratelimit-policy": "\"x\";q=50;qu=\"content-bytes\";w=60" }, false, 100],
  ["zero", { "ratelimit": "\"x\";r=0;t=0", "ratelimit-policy": "\"x\";q=0;w=0" }, false, 100]
]

describe("answers whose limits are", () => {
  it.effect.each(headers)(
    "%s are followed for five minutes at most",
    ([, headers, once, polls]) =>
      Effect.gen(function*() {
        const { times, transport } = answering((call) => ({
          ...completedAt(900_000)(call),
          headers: once && call.attempt > 1 ? {} : headers ?? {}
        }), 0)
        const run = Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(
            lateness("op", 900_000, { schedule: Scripted.everySecond, timeout: "2 hours" })
          )
          yield* TestClock.adjust("99500 millis")
          assert.isAtLeast(times().length, polls)
          yield* TestClock.adjust("20 minutes")
          return yield* Fiber.join(fiber)
        })
        const late = yield* Effect.provide(run, Layer.provide(Waiting, transport))
        if (once) assert.isAtLeast(between(times(), 6, 15), 539)
        assert.isAtMost(late, 31_000)
      })
  )
})

describe("a clock that is set", () => {
  it.effect.each([-3_600_000, -600_000, -1000, 3_600_000])(
    "by %d ms changes nothing of it",
    (by) =>
      Effect.gen(function*() {
        const { clock, set } = yield* Scripted.settable
        yield* clock.adjust("24 hours")
        const sent: Array<number> = []
        const { transport } = answering(() => {
          sent.push(Number(clock.monotonicTimeNanosUnsafe()) / 1e6 - 24 * 3_600_000)
          return running
        })
        const run = Effect.gen(function*() {
          yield* Effect.forkChild(
            Poller.use((poller) =>
              poller.waitAll(names(20, "op"), { schedule: Scripted.everySecond, timeout: "3 hours" })
            )
          )
          yield* clock.adjust("10 minutes")
          yield* set(by)
          yield* clock.adjust("20 minutes")
        }).pipe(Effect.provide(Layer.provide(Waiting, transport)), Effect.provideService(Clock.Clock, clock))
        yield* run
        assert.isAtMost(most(sent), 960)
        const silence = Math.max(...sent.slice(1).map((at, index) => at - (sent[index] ?? at)))
        assert.isAtMost(silence, 1000)
        assert.isAtLeast(between(sent, 10, 20), 1700)
      })
  )
})

// A store whose every call takes this course.
const storing = (consume: (limiter: RateLimiter.RateLimiter) => RateLimiter.RateLimiter["consume"]) =>
  RequestBudget.layerStore(
    Layer.effect(
      RateLimiter.RateLimiter,
      Effect.map(
        Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory),
        (limiter) => ({ ...limiter, consume: consume(limiter) })
      )
    )
  )

describe("a store", () => {
  it.effect.each([0, 5, 40, 200])(
    "that answers in %d ms does not make the last poll too late",
    (rtt) =>
      Effect.gen(function*() {
        const { transport } = answering(completedAt(9000), 50)
        const store = storing((limiter) => (options) => Effect.delay(limiter.consume(options), rtt))
        const run = Effect.gen(function*() {
          const options = { schedule: Scripted.every("1 minute"), timeout: "10 seconds" } as const
          const fiber = yield* Effect.forkChild(Effect.exit(Poller.use((poller) => poller.wait("op", options))))
          yield* TestClock.adjust("1 hour")
          return yield* Fiber.join(fiber)
        })
        const layer = Waiting.pipe(Layer.provide(store), Layer.provide(transport))
        assert.isTrue(Exit.isSuccess(yield* Effect.provide(run, layer)))
      })
  )

  it.effect.each(
    [["fails", Effect.die("ECONNREFUSED")], ["never answers", Effect.never]] as const
  )("that %s is replaced by a budget of the process", ([, consume]) =>
    Effect.gen(function*() {
      const { times, transport } = answering(() => running)
      const { layer: logger, lines } = Scripted.logging()
      const run = Effect.gen(function*() {
        yield* Effect.forkChild(
          Poller.use((poller) => poller.waitAll(names(500, "op"), { timeout: "1 hour" }))
        )
        yield* TestClock.adjust("10 minutes")
        return yield* RequestBudget.left(credentials)
      })
      const { isLocal } = yield* run.pipe(
        Effect.provide(
          Waiting.pipe(
            Layer.provideMerge(storing(() => () => consume)),
            Layer.provideMerge(transport),
            Layer.provideMerge(logger)
          )
        )
      )
      assert.isTrue(isLocal)
      assert.isAtMost(most(times()), 960)
      assert.isAtLeast(times().length, 1800)
      assert.lengthOf(lines.filter((line) => line.includes("store of the request budget is gone")), 1)
    }), 60_000)

  it.effect("is shared by two pollers with different shares", () =>
    Effect.gen(function*() {
      const { times, transport } = answering(() => running)
      const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
      // Different clocks, as in two processes, know nothing of each other but what the store says.
      const process = (name: string, share: number) =>
        Effect.gen(function*() {
          const clock = yield* Clock.Clock
          const own: Clock.Clock = Object.create(clock)
          yield* Poller.use((poller) =>
            poller.waitAll(names(100, name), { schedule: Scripted.everySecond, timeout: "Infinity" })
          ).pipe(
            Effect.provide(
              Waiting.pipe(
                Layer.provide(RequestBudget.layer({ share, limiter })),
                Layer.provide(transport),
                Layer.provideMerge(Layer.succeed(Clock.Clock, own))
              )
            )
          )
        })
      yield* Effect.forkChild(process("one", 0.8))
      yield* Effect.forkChild(process("two", 0.7))
      yield* TestClock.adjust("15 minutes")
      assert.isAtMost(most(times()), 961)
      const [one, two] = [times((id) => id.startsWith("one")).length, times((id) => id.startsWith("two")).length]
      assert.isAtLeast(Math.min(one, two), 300)
    }), 60_000)
})

describe("the overdue gauge", () => {
  it.effect("goes back when the poller closes", () =>
    Effect.gen(function*() {
      const { transport } = answering(() => running)
      const busy = Poller.use((poller) => poller.waitAll(names(2000, "op"))).pipe(
        Effect.provide(Layer.provide(Waiting, transport))
      )
      const before = (yield* Metric.value(PollMetrics.overdue)).value
      const fiber = yield* Effect.forkChild(busy)
      yield* TestClock.adjust("5 minutes")
      assert.isAtLeast((yield* Metric.value(PollMetrics.overdue)).value - before, 200)
      yield* Fiber.interrupt(fiber)
      assert.closeTo((yield* Metric.value(PollMetrics.overdue)).value, before, 0.001)
    }), 60_000)
})

describe("polls that fall due faster than they can be made", () => {
  it.effect("leave time for all other work", () =>
    Effect.gen(function*() {
      let polls = 0
      // Each reading of the clock takes a millisecond, and so a poll is due after every poll.
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
      const counting = Scripted.getting((operationId) =>
        Effect.sync(() => {
          polls += 1
          const id = BulkOperation.OperationId.make(operationId)
          return polls < 1000 ? { id, status: "running" } : { id, status: "completed", completed: Option.none() }
        })
      )
      const layer = counting.pipe(
        Layer.provide(RequestBudget.layer({ limit: Infinity })),
        Layer.provide(Layer.succeed(Clock.Clock, slow))
      )
      const waits = Poller.use((poller) => poller.waitAll(["a", "b", "c"], { schedule: Scripted.every("1 milli") }))
      const fiber = yield* Effect.forkChild(Effect.provide(waits, layer))
      yield* TestClock.adjust("5 millis")
      assert.isBelow(polls, 100)
      yield* TestClock.adjust("10 seconds")
      assert.lengthOf(yield* Fiber.join(fiber), 3)
    }))
})

// A Cloudflare that counts: 1,200 requests in any five minutes, or it blocks.
const counting = (ids: ReadonlyArray<string>) => {
  const ends = new Map<string, number>()
  const times: Array<number> = []
  const script = ({ at, operationId }: BulkOperationsTest.Call): BulkOperationsTest.Answer => {
    times.push(DateTime.toEpochMillis(at))
    const completed = DateTime.makeUnsafe(ends.get(operationId) ?? 0)
    return DateTime.isLessThan(at, completed) ? "running" : { status: "completed", completed }
  }
  const layer = BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperationsTest.layer(Object.fromEntries(ids.map((id) => [id, script]))))
  )
  const most = () => {
    let from = 0
    return times.reduce((most, time, index) => {
      while ((times[from] ?? 0) <= time - 300_000) from++
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

describe("the budget", () => {
  it.effect("is kept by 1,000 waits in an hour, and all of them end", () =>
    Effect.gen(function*() {
      const { ended, most } = yield* anHourOf(1000)
      assert.strictEqual(ended, 1000)
      assert.isAtMost(most, 1200)
    }), 60_000)

  it.effect("is kept by 10,000 waits in an hour, close to its capacity", () =>
    Effect.gen(function*() {
      const { ended, most } = yield* anHourOf(10_000)
      assert.strictEqual(ended, 10_000)
      assert.isAtMost(most, 1200)
    }), 60_000)

  it.effect("that cannot carry what is started is reported once, with figures, and no wait fails", () =>
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

  it.effect("is not reported as too small after a rush that it absorbs", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 500 }, (_, index) => `op-${index}`)
      assert.deepStrictEqual(yield* warningsOf(ids, (poller) => Effect.orDie(poller.waitAll(ids))), [])
    }))
})
