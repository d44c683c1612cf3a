import { assert, describe, it } from "@effect/vitest"
import { Clock, Config, ConfigProvider, Effect, Fiber, Layer, Logger } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import * as RequestBudget from "../../../src/RequestBudget.ts"
import { as, cloudflare, mostInAnyWindow } from "./sending.ts"

const window = 300_000

const many = (count: number, name: string) => Array.from({ length: count }, (_, index) => `/${name}/${index}`)

type Consume = RateLimiter.RateLimiter["consume"]

// A store in memory whose answers are what `around` makes of them.
const storeOf = Effect.fnUntraced(function*(around: (consume: Consume) => Consume) {
  const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
  return { ...limiter, consume: around(limiter.consume) }
})

const sharing = (limiter: RateLimiter.RateLimiter, key?: string) =>
  Effect.provideService(RequestBudget.RequestBudget, { ...RequestBudget.defaults, limiter, key })

const keepSending = (send: Effect.Effect<void>, count: number) =>
  Effect.forEach(many(count, "a"), () => Effect.forkChild(Effect.forever(send)), { discard: true })

const recorder = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  return { lines, layer: Logger.layer([logger]) }
}

const gone = RateLimiter.RateLimiterError

const failing = () =>
  Effect.fail(
    new gone({
      reason: new RateLimiter.RateLimitStoreError({
        message: "Failed to execute\n\u001b[31mfixed-window",
        cause: new Error("redis://me:s3cret@host is not there")
      })
    })
  )

describe("a store that several processes share", () => {
  it.effect("keeps all of them together to the share in any window", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf((consume) => consume)
      const { send, times } = cloudflare()
      // Two processes are two clocks that both go with the test: each has budgets of its own.
      for (let process = 0; process < 2; process++) {
        yield* keepSending(as("poll")(send("/poll")), 100).pipe(sharing(limiter, "user"), another)
      }
      yield* TestClock.adjust("1 hour")
      assert.isAtMost(mostInAnyWindow(times(), window), 962)
      assert.isAtLeast(times().length, 12 * 820)
    }))

  it.effect("counts the calls of each application, and does not delay them", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf((consume) => (options) => Effect.delay(consume(options), 200))
      const { send, times } = cloudflare()
      const own = Effect.forEach(many(500, "own"), (path) => send(path), { concurrency: "unbounded", discard: true })
      yield* Effect.forkChild(own.pipe(sharing(limiter, "user"), another))
      yield* TestClock.adjust("1 second")
      yield* Effect.forkChild(as("poll")(send("/poll")).pipe(sharing(limiter, "user"), another))
      yield* TestClock.adjust("10 minutes")
      assert.lengthOf(times().filter((at) => at === 0), 500)
      assert.isAbove(times("/poll")[0] ?? 0, 135_000)
    }))

  it.effect("that is slow delays a request only until it answers", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf((consume) => (options) => Effect.delay(consume(options), 300))
      const { send, times } = cloudflare()
      yield* Effect.forkChild(as("lastPoll")(send("/last")).pipe(sharing(limiter)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(times(), [300])
    }))

  it.effect("that is slow does not count as gone, however long the process has run", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf((consume) => (options) => Effect.delay(consume(options), 900))
      const { lines, layer } = recorder()
      const { send, times } = cloudflare()
      yield* TestClock.adjust("1 hour")
      for (const path of ["/one", "/two"]) {
        yield* Effect.forkChild(as("poll")(send(path)).pipe(sharing(limiter), Effect.provide(layer)))
        yield* TestClock.adjust("100 millis")
      }
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual([times().length, lines], [2, []])
    }))

  it.effect("may have its time of day set: nothing changes", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf((consume) => consume)
      const clock = yield* Clock.Clock
      let offset = 0
      const jumping: Clock.Clock = {
        ...monotonic(clock),
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + offset,
        currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + offset)
      }
      const { send, times } = cloudflare()
      yield* keepSending(as("poll")(send("/poll")), 50).pipe(
        sharing(limiter),
        Effect.provideService(Clock.Clock, jumping)
      )
      yield* TestClock.adjust("10 minutes")
      for (const by of [-3_600_000, 7_200_000]) {
        offset += by
        const before = times().length
        yield* TestClock.adjust("10 minutes")
        assert.isAtLeast(times().length - before, 1600)
      }
      assert.isAtMost(mostInAnyWindow(times(), window), 961)
    }))
})

describe("a store that is gone", () => {
  const outages: ReadonlyArray<readonly [string, Consume]> = [
    ["that fails", failing],
    ["that dies", () => Effect.die(new Error("redis://me:s3cret@host"))],
    ["that throws", () => {
      throw new Error("redis://me:s3cret@host")
    }],
    ["that never answers", () => Effect.never],
    ["that never answers and cannot be interrupted", () => Effect.uninterruptible(Effect.never)]
  ]
  for (const [name, outage] of outages) {
    it.effect(`${name} is replaced by a budget of this process until it is back, and each change is logged once`, () =>
      Effect.gen(function*() {
        let isGone = false
        const limiter = yield* storeOf((consume) => (options) => isGone ? outage(options) : consume(options))
        const { lines, layer } = recorder()
        const { send, times } = cloudflare()
        yield* keepSending(as("poll")(send("/poll")), 100).pipe(sharing(limiter, "user"), Effect.provide(layer))
        yield* TestClock.adjust("10 minutes")
        assert.deepStrictEqual(lines, [])
        isGone = true
        yield* TestClock.adjust("10 minutes")
        assert.lengthOf(lines, 1)
        assert.match(
          lines[0] ?? "",
          /^Warn The store of the request budget is gone: .+\. Until it is back, this process .+ what the others send\.$/
        )
        assert.notMatch(lines[0] ?? "", /s3cret|[^ -~]/)
        isGone = false
        yield* TestClock.adjust("10 minutes")
        assert.lengthOf(lines, 2)
        assert.match(lines[1] ?? "", /^Info The store of the request budget is back/)
        assert.isAtMost(mostInAnyWindow(times(), window), 961)
        for (const from of [0, 600_000, 1_200_000]) {
          assert.isAtLeast(times().filter((at) => at >= from && at < from + 600_000).length, 1600, `from ${from}`)
        }
        const silence = times().slice(1).map((at, index) => at - (times()[index] ?? at))
        assert.isAtMost(Math.max(...silence), 1500)
      }))
  }

  it.effect("delays the first request for a second, and no later one", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf(() => () => Effect.never)
      const { send, times } = cloudflare(undefined, 0)
      yield* Effect.forkChild(
        Effect.forever(as("lastPoll")(send("/last"))).pipe(
          Effect.timeout("30 seconds"),
          Effect.ignore,
          sharing(limiter)
        )
      )
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(times()[0], 1000)
      assert.strictEqual(times()[1], 1000)
    }))

  it.effect("delays no request once it has failed, not even one that already waits for it", () =>
    Effect.gen(function*() {
      let asked = 0
      let interrupted = 0
      const stuck = Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++))
      const limiter = yield* storeOf(() => () => asked++ === 0 ? stuck : failing())
      const { send, times } = cloudflare()
      yield* Effect.forkChild(as("poll")(send("/poll")).pipe(sharing(limiter)))
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(times(), [])
      yield* Effect.forkChild(send("/own").pipe(sharing(limiter)))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual([times("/own"), times("/poll"), interrupted], [[200], [200], 1])
    }))

  it.effect("delays no request if it fails at once", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf(() => failing)
      const { send, times } = cloudflare()
      yield* Effect.forkChild(as("poll")(send("/poll")).pipe(sharing(limiter)))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(times(), [0])
    }))

  it.effect("does not delay calls of the application", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf(() => () => Effect.uninterruptible(Effect.never))
      const { send, times } = cloudflare()
      yield* Effect.forkChild(send("/own").pipe(sharing(limiter)))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(times(), [0])
    }))

  it.effect("is logged as gone by the logger of the request that asked it, even after that request", () =>
    Effect.gen(function*() {
      const limiter = yield* storeOf(() => () => Effect.delay(failing(), 500))
      const { lines, layer } = recorder()
      const { send } = cloudflare()
      yield* Effect.forkChild(Effect.andThen(Effect.provide(send("/own"), layer), Effect.never).pipe(sharing(limiter)))
      yield* TestClock.adjust("1 second")
      assert.lengthOf(lines, 1)
    }))

  it.effect("is asked without counting requests while it is gone", () =>
    Effect.gen(function*() {
      const asked: Array<number | undefined> = []
      const limiter = yield* storeOf(() => (options) => {
        asked.push(options.tokens)
        return Effect.never
      })
      const { send } = cloudflare()
      yield* keepSending(as("poll")(send("/poll")), 10).pipe(sharing(limiter))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(asked[0], 1)
      assert.deepStrictEqual(new Set(asked.slice(1)), new Set([0]))
      assert.isAtLeast(asked.length, 90)
      assert.isAtMost(asked.length, 122)
    }))
})

describe("closing the scope of a store", () => {
  it.effect("waits for it for a second at most", () =>
    Effect.gen(function*() {
      const stuck = Layer.effect(
        RateLimiter.RateLimiter,
        Effect.acquireRelease(storeOf((consume) => consume), () => Effect.never)
      )
      const fiber = yield* Effect.forkChild(Effect.provide(Effect.void, RequestBudget.layerStore(stuck)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
    }))

  it.effect("waits for it if it closes in time", () =>
    Effect.gen(function*() {
      let isClosed = false
      const orderly = Layer.effect(
        RateLimiter.RateLimiter,
        Effect.acquireRelease(storeOf((consume) => consume), () =>
          Effect.delay(
            Effect.sync(() => {
              isClosed = true
            }),
            "500 millis"
          ))
      )
      const fiber = yield* Effect.forkChild(Effect.provide(Effect.void, RequestBudget.layerStore(orderly)))
      yield* TestClock.adjust("499 millis")
      assert.isFalse(isClosed)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(fiber)
      assert.isTrue(isClosed)
    }))
})

// A store whose layer is built when `isThere` says so; how often that was tried, and the builds that are open.
const coming = (isThere: () => Effect.Effect<boolean>) => {
  const builds = { begun: 0, open: 0 }
  const layer = Layer.effect(
    RateLimiter.RateLimiter,
    Effect.gen(function*() {
      builds.begun += 1
      builds.open += 1
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          builds.open -= 1
        })
      )
      if (!(yield* isThere())) return yield* Effect.fail("redis://me:s3cret@host is not there")
      return yield* storeOf((consume) => consume)
    })
  )
  return { builds, layer: RequestBudget.layerStore(layer, { key: "coming" }) }
}

describe("a store that is missing when its layer is built", () => {
  it.effect.each(
    [["refuses", () => Effect.succeed(false)], ["does not answer", () => Effect.never]] as const
  )(
    "because it %s is replaced by a budget of the process, and is used once it is there",
    ([, absent]) =>
      Effect.gen(function*() {
        let isThere = false
        const { builds, layer } = coming(() =>
          isThere ? Effect.succeed(true) : Effect.raceFirst(absent(), until(() => isThere))
        )
        const { layer: logger, lines } = recorder()
        const { send, times } = cloudflare()
        const run = Effect.gen(function*() {
          yield* keepSending(as("poll")(send("/poll")), 100)
          yield* Effect.sleep("1 minute")
          assert.lengthOf(lines, 1)
          assert.match(lines[0] ?? "", /^Warn The store of the request budget is gone/)
          assert.notInclude(lines[0], "s3cret")
          isThere = true
          yield* Effect.sleep("1 minute")
          assert.match(lines.slice(1).join("\n"), /^Info The store of the request budget is back[^\n]*$/)
        })
        yield* Effect.forkChild(Effect.provide(Effect.andThen(run, Effect.never), Layer.provideMerge(layer, logger)))
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(lines, 2)
        assert.isAtMost(mostInAnyWindow(times(), window), 960)
        assert.isAtLeast(times().length, 12 * 820)
        assert.strictEqual(builds.open, 1)
      })
  )

  it.effect("does not keep the layer from closing", () =>
    Effect.gen(function*() {
      const { builds, layer } = coming(() => Effect.never)
      const fiber = yield* Effect.forkChild(Effect.provide(Effect.void, layer))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(builds, { begun: 1, open: 0 })
    }))

  it.effect("fails the layer if its configuration is wrong", () =>
    Effect.gen(function*() {
      const broken = Layer.effect(
        RateLimiter.RateLimiter,
        Effect.andThen(Config.String("REDIS_URL"), storeOf((consume) => consume))
      )
      const { message } = yield* Effect.flip(Effect.provide(Effect.void, RequestBudget.layerStore(broken))).pipe(
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({})))
      )
      assert.include(message, "REDIS_URL")
    }))
})

const until = (condition: () => boolean): Effect.Effect<boolean> =>
  Effect.suspend(() => condition() ? Effect.succeed(true) : Effect.delay(until(condition), "1 second"))

// The clock of another process: the same time, but another clock.
const another = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Clock.Clock, (clock) => Effect.provideService(effect, Clock.Clock, monotonic(clock)))

const monotonic = (clock: Clock.Clock): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep: (duration) => clock.sleep(duration)
})
