import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber } from "effect"
import { Headers } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { ApiError, CloudflareError, RateLimited, ServerError, Timeout } from "../../../src/CloudflareError.ts"
import * as Access from "../../../src/internal/budget/access.ts"
import * as Admission from "../../../src/internal/budget/admission.ts"
import * as RequestBudget from "../../../src/RequestBudget.ts"
import { as, cloudflare, mostInAnyWindow } from "./sending.ts"

const window = 300_000

const many = (count: number, name: string) => Array.from({ length: count }, (_, index) => `/${name}/${index}`)

// Sends each of them as soon as it may, and all of them again for ever.
const keepSending = (send: (path: string) => Effect.Effect<void>, paths: ReadonlyArray<string>) =>
  Effect.forEach(paths, (path) => Effect.forkChild(Effect.forever(send(path))), { discard: true })

const blocked = (from: number) => (_: string, at: number) => at >= from && at < from + window ? { status: 429 } : {}

const polls = (headers: Readonly<Record<string, string>>, until = Number.POSITIVE_INFINITY) =>
  cloudflare((_, at) => at <= until ? { headers } : {}, 0)

const everySecond = (send: (path: string) => Effect.Effect<void>) =>
  Effect.forkChild(Effect.forever(Effect.andThen(as("poll")(send("/poll")), Effect.sleep("1 second"))))

describe("requests of the application", () => {
  it.effect("are never delayed, and polls wait for them", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      yield* Effect.forEach(many(500, "own"), (path) => send(path), { concurrency: "unbounded", discard: true }).pipe(
        Effect.forkChild
      )
      yield* TestClock.adjust(0)
      yield* Effect.forkChild(as("poll")(send("/poll")))
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(new Set(times().slice(0, 500)), new Set([0]))
      // 500 of them drain in 174 s, and the poll may go when all but a tenth has.
      const [at = 0] = times("/poll")
      assert.isAbove(at, 140_000)
      assert.isBelow(at, 141_000)
    }))

  it.effect("cannot starve the polls, even if they alone exceed the limit", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      yield* Effect.forkChild(Effect.forever(Effect.andThen(send("/own"), Effect.sleep(100))))
      yield* Effect.forkChild(Effect.forever(as("poll")(send("/poll"))))
      yield* TestClock.adjust("1 hour")
      const late = times("/poll").filter((at) => at > 600_000).length
      assert.isAtLeast(late, 9)
      assert.isAtMost(late, 11)
    }))

  it.effect("are also admitted during a block", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare(() => ({ status: 429, codes: [971], retryAfter: "1 minute" }))
      yield* send("/own").pipe(Effect.forkChild)
      yield* TestClock.adjust("1 second")
      yield* send("/own").pipe(Effect.forkChild)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(times(), [0, 1000])
    }))
})

describe("requests that make room", () => {
  it.effect("keep to their share of the limit in any window, and use it", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      yield* keepSending((path) => as("poll")(send(path)), many(200, "poll"))
      yield* TestClock.adjust("1 hour")
      const most = mostInAnyWindow(times(), window)
      assert.isAtMost(most, 960)
      assert.isAtLeast(most, 900)
      assert.isAtLeast(times().length, 12 * 850)
    }))

  it.effect("leave every second turn at least to polls, and one in ten to bulk reading", () =>
    Effect.gen(function*() {
      const { paths, send } = cloudflare()
      for (const rank of ["lastPoll", "poll", "bulk"] as const) {
        yield* keepSending((path) => as(rank)(send(path)), many(50, rank))
      }
      yield* TestClock.adjust("1 hour")
      const part = (rank: string) => paths().filter((path) => path.startsWith(`/${rank}/`)).length / paths().length
      assert.closeTo(part("bulk"), 0.1, 0.01)
      assert.closeTo(part("lastPoll"), 0.45, 0.05)
      assert.closeTo(part("poll"), 0.45, 0.05)
    }))

  it.effect("are sent in the order in which they came", () =>
    Effect.gen(function*() {
      const { paths, send } = cloudflare()
      yield* Effect.forEach(many(150, "a"), (path) => Effect.forkChild(as("poll")(send(path))))
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(paths(), many(150, "a"))
    }))

  it.effect("that are interrupted give their place to others", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      yield* Effect.forEach(many(96, "burst"), (path) => Effect.forkChild(as("poll")(send(path))))
      yield* TestClock.adjust("5 seconds")
      const waiters = yield* Effect.forEach(many(1000, "gone"), (path) => Effect.forkChild(as("poll")(send(path))))
      const last = yield* Effect.forkChild(as("poll")(send("/last")))
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(waiters, Fiber.interrupt, { discard: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(last)
      assert.lengthOf(times("/last"), 1)
    }))

  it.effect("report each admission before they are sent", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      const admitted: Array<number> = []
      const note = Effect.sync(() => void admitted.push(times().length))
      const claim = { priority: "poll", delayed: Effect.void, admitted: note } as const
      yield* Effect.forkChild(
        Effect.andThen(send("/a"), send("/a")).pipe(Effect.provideService(RequestBudget.CurrentClaim, claim))
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(admitted, [0, 1])
    }))

  it.effect("report a delay once, however often their turn is postponed, and none if they are sent at once", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      let delayed = 0
      const note = Effect.sync(() => void delayed++)
      const poll = (path: string) =>
        send(path).pipe(
          Effect.provideService(RequestBudget.CurrentClaim, { priority: "poll", delayed: note, admitted: Effect.void }),
          Effect.forkChild
        )
      yield* poll("/at-once")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(delayed, 0)
      yield* Effect.forkChild(Effect.forEach(many(96, "own"), (path) => send(path), { concurrency: "unbounded" }))
      yield* TestClock.adjust(0)
      yield* poll("/late")
      for (let round = 0; round < 5; round++) {
        yield* TestClock.adjust("200 millis")
        yield* Effect.forkChild(send("/own"))
      }
      assert.deepStrictEqual([times("/late").length, delayed], [0, 1])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([times("/late").length, delayed], [1, 1])
    }))

  it.effect("are sent in time even if their turn comes while they report the delay", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      const slowly = { priority: "poll", delayed: Effect.sleep("2 seconds"), admitted: Effect.void } as const
      yield* Effect.forkChild(Effect.forEach(many(110, "own"), (path) => send(path), { concurrency: "unbounded" }))
      const first = yield* Effect.forkChild(as("poll")(send("/first")))
      yield* Effect.forkChild(Effect.provideService(send("/second"), RequestBudget.CurrentClaim, slowly))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 minute")
      // As soon as fifteen requests have drained, one every 347 ms.
      assert.isAtMost(times("/second")[0] ?? Infinity, 15 * 348)
    }))

  it.effect("report no delay if they wait only for the store", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      let delayed = 0
      const note = Effect.sync(() => void delayed++)
      const memory = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
      const limiter = {
        ...memory,
        consume: (options: Parameters<typeof memory.consume>[0]) => Effect.delay(memory.consume(options), 300)
      }
      yield* send("/a").pipe(
        Effect.provideService(RequestBudget.CurrentClaim, { priority: "poll", delayed: note, admitted: Effect.void }),
        Effect.provideService(RequestBudget.RequestBudget, { ...RequestBudget.defaults, limiter }),
        Effect.forkChild
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([times("/a"), delayed], [[300], 0])
    }))

  it.effect("are delayed by requests of other processes that the store has counted", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      const limiter = yield* Effect.provide(RateLimiter.make, RateLimiter.layerStoreMemory)
      const run = Effect.gen(function*() {
        yield* limiter.consume({
          algorithm: "fixed-window",
          onExceeded: "delay",
          key: "key",
          limit: 1,
          window: "1 minute"
        })
        // The first call of the application learns of it.
        yield* Effect.forkChild(send("/own"))
        yield* TestClock.adjust("1 second")
        yield* Effect.forkChild(as("poll")(send("/poll")))
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(times("/own"), [0])
        assert.isAbove(times("/poll")[0] ?? Infinity, 1000)
        yield* TestClock.adjust("1 minute")
        assert.lengthOf(times("/poll"), 1)
      })
      yield* Effect.provideService(run, RequestBudget.RequestBudget, { ...RequestBudget.defaults, limiter })
    }))

  it.effect("have a budget for each key", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      yield* keepSending((path) => as("poll")(send(path, "one")), many(200, "one"))
      yield* Effect.forkChild(as("poll")(send("/other", "two")))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(times("/other"), [0])
    }))

  it.effect("share one where the settings name its key", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      const run = Effect.gen(function*() {
        yield* keepSending((path) => as("poll")(send(path, "one")), many(100, "one"))
        yield* keepSending((path) => as("poll")(send(path, "two")), many(100, "two"))
        yield* TestClock.adjust("1 hour")
      })
      yield* Effect.provide(run, RequestBudget.layer({ key: "user" }))
      assert.isAtMost(mostInAnyWindow(times(), window), 960)
    }))

  it.effect("with different shares share one budget, limited by the greater share", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare()
      for (const share of [0.8, 0.7]) {
        yield* keepSending((path) => as("poll")(send(path)), many(100, `${share}`)).pipe(
          Effect.provide(RequestBudget.layer({ share }))
        )
      }
      yield* TestClock.adjust("20 minutes")
      assert.isAtMost(mostInAnyWindow(times(), window), 960)
    }))

  it.effect("are not delayed without a limit", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare(undefined, 1)
      const all = Effect.forEach(many(5000, "a"), (path) => as("bulk")(send(path)), { concurrency: 8, discard: true })
      yield* Effect.forkChild(Effect.provide(all, RequestBudget.layer({ limit: Number.POSITIVE_INFINITY })))
      yield* TestClock.adjust("1 second")
      assert.lengthOf(times(), 5000)
    }))

  it.effect("are few at once while answers are missing", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare(undefined, 60_000)
      yield* Effect.forEach(many(90, "a"), (path) => Effect.forkChild(as("poll")(send(path))))
      yield* TestClock.adjust("999 millis")
      assert.lengthOf(times(), 8)
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(times(), 90)
    }))
})

describe("a block of five minutes", () => {
  it.effect("is met by 30 requests at most, however many wait, and all continue within 20 seconds of its end", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare(blocked(600_000))
      yield* keepSending((path) => as("poll")(send(path)), many(300, "poll"))
      yield* TestClock.adjust("20 minutes")
      const within = times().filter((at) => at >= 600_000 && at < 900_000).length
      assert.isAtMost(within, 30)
      const first = times().filter((at) => at >= 900_000)
      assert.isAtMost(first[0] ?? Infinity, 920_000)
      assert.isAtLeast(first.filter((at) => at < 930_000).length, 90)
    }))

  it.effect("is met by 30 requests at most after a quiet time as well, and from the very first request", () =>
    Effect.gen(function*() {
      for (const quiet of ["0 seconds", "1 hour"] as const) {
        yield* TestClock.adjust(quiet)
        const { send, times } = cloudflare(() => ({ status: 429 }))
        const fiber = yield* Effect.forEach(
          many(300, "poll"),
          (path) => Effect.forever(as("lastPoll")(send(path, quiet))),
          { concurrency: "unbounded", discard: true }
        ).pipe(Effect.forkChild)
        yield* TestClock.adjust("299 seconds")
        assert.isAtMost(times().length, 30)
        assert.isAtLeast(times().length, 10)
        yield* Fiber.interrupt(fiber)
      }
    }))
})

describe("429s for one path", () => {
  it.effect("do not delay other requests", () =>
    Effect.gen(function*() {
      const { send, times } = cloudflare((path) => path === "/bad" ? { status: 429, retryAfter: "5 minutes" } : {})
      yield* Effect.forkChild(Effect.forever(Effect.andThen(as("poll")(send("/bad")), Effect.sleep("1 second"))))
      for (const path of ["/a", "/b"]) {
        yield* Effect.forkChild(Effect.forever(Effect.andThen(as("poll")(send(path)), Effect.sleep("2 seconds"))))
      }
      yield* TestClock.adjust("1 minute")
      for (const path of ["/a", "/b"]) assert.isAtLeast(times(path).length, 26)
    }))
})

describe("limits in an answer", () => {
  it.effect("are followed if they are tighter, less the share of others", () =>
    Effect.gen(function*() {
      const { send, times } = polls({ "ratelimit-policy": "\"burst\";q=60;w=60, \"default\";q=1200;w=300" })
      yield* Effect.forEach(many(20, "a"), () => everySecond(send))
      yield* TestClock.adjust("10 minutes")
      const kept = times().filter((at) => at > 60_000)
      assert.isAtMost(mostInAnyWindow(kept, 60_000), 48)
      assert.isAtLeast(mostInAnyWindow(kept, 60_000), 40)
    }))

  it.effect("are forgotten after five minutes if they are not repeated", () =>
    Effect.gen(function*() {
      const { send, times } = polls({ "ratelimit-policy": "\"daily\";q=10;w=86400" }, 0)
      yield* everySecond(send)
      yield* TestClock.adjust("2 hours")
      assert.isAtMost(times().filter((at) => at < window).length, 2)
      assert.isAtLeast(times().length, 6800)
    }))

  it.effect("stop all requests until the reset when only the share of others is left", () =>
    Effect.gen(function*() {
      const { send, times } = polls({
        "ratelimit": "\"default\";r=100;t=20",
        "ratelimit-policy": "\"default\";q=1200;w=300"
      })
      yield* everySecond(send)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(times(), [0, 20_000, 40_000, 60_000])
    }))

  for (
    const [headers, name] of [
      [
        { "ratelimit": "\"default\";r=50;t=30", "ratelimit-policy": "\"burst\";q=100;w=60" },
        "if what is left belongs to another limit"
      ],
      [{ "ratelimit": "\"default\";r=300;t=30" }, "if what is left belongs to a limit without a policy"],
      [{ "ratelimit": "soon", "ratelimit-policy": "\"x\";q=;w=-1" }, "that cannot be parsed"],
      [{ "ratelimit-policy": "\"x\";q=99999999999999999999999;w=1" }, "that are absurd"]
    ] as const
  ) {
    it.effect(`are ignored ${name}`, () =>
      Effect.gen(function*() {
        const { send, times } = polls(headers)
        yield* everySecond(send)
        yield* TestClock.adjust("1 minute")
        assert.lengthOf(times(), 61)
      }))
  }

  it.effect("stop all requests for five minutes at most, even with a reset in years", () =>
    Effect.gen(function*() {
      const { send, times } = polls({ "ratelimit": "\"default\";r=0;t=99999999" }, 0)
      yield* everySecond(send)
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(times().slice(0, 3), [0, window, window + 1000])
    }))
})

const call = { method: "GET", path: "/a", errors: [] } as const
const errorOf = (reason: CloudflareError["reason"]) => Effect.fail(new CloudflareError({ reason }))
const head = (status: number, headers: Readonly<Record<string, string>> = {}, seconds?: number): Admission.Head => ({
  status,
  headers: Headers.fromInput(headers),
  retryAfter: seconds === undefined ? undefined : Duration.seconds(seconds)
})
const code = (code: number) => new ApiError({ code, message: "slow down" })
const codeless = new ApiError({ message: "slow down" })

const limited = (errors: ReadonlyArray<ApiError>, seconds?: number) =>
  errorOf(
    new RateLimited({
      ...call,
      errors,
      ...(seconds !== undefined && { retryAfter: Duration.seconds(seconds) })
    })
  )

const end = (path: string, request: Effect.Effect<void, CloudflareError>, head?: Admission.Head) =>
  Effect.exit(Admission.through("key", path, request, () => head))

// For how many seconds everybody is stopped.
const blockedFor = Effect.withFiber((fiber) => {
  const { left, now } = Access.left(Access.open(fiber, RequestBudget.defaults, "key"))
  return Effect.succeed(Math.max(0, left.blockedUntil - now, left.readyAt - now) / 1000)
})

describe("what a request ends with", () => {
  it.effect.each<[string, Effect.Effect<void, CloudflareError>, Admission.Head | undefined, number]>([
    ["success", Effect.void, undefined, 0],
    ["success that leaves nothing", Effect.void, head(200, { ratelimit: "\"default\";r=0;t=40" }), 40],
    ["429 with the code of a block and a time", limited([codeless, code(971)], 60), undefined, 60],
    ["429 with the code of a block, and the time in its head alone", limited([code(971)]), head(429, {}, 50), 50],
    ["429 with a time alone", limited([], 60), undefined, 0],
    ["429 with another code", limited([code(10000)], 60), undefined, 0],
    [
      "an error of the server that leaves nothing",
      errorOf(new ServerError({ ...call, status: 500 })),
      head(500, { ratelimit: "\"default\";r=0;t=30" }),
      30
    ],
    [
      "a body that never came, after a head that leaves nothing",
      errorOf(new Timeout({ ...call })),
      head(200, { ratelimit: "\"default\";r=0;t=20" }),
      20
    ],
    ["no answer", errorOf(new Timeout({ ...call })), undefined, 0],
    ["a defect", Effect.die("broken"), undefined, 0],
    [
      "a defect after a head that leaves nothing",
      Effect.die("broken"),
      head(200, { ratelimit: "\"default\";r=0;t=10" }),
      10
    ]
  ])("is counted: %s", ([, request, head, seconds]) =>
    Effect.gen(function*() {
      yield* end("/a", request, head)
      assert.strictEqual(yield* blockedFor, seconds)
    }))

  it.effect.each<[string, Effect.Effect<void, CloudflareError>, boolean]>([
    ["success ends", Effect.void, false],
    ["an error of the server does not end", errorOf(new ServerError({ ...call, status: 500 })), true],
    ["no answer does not end", errorOf(new Timeout({ ...call })), true]
  ])("%s the suspicion of a block", ([, between, isBlocked]) =>
    Effect.gen(function*() {
      yield* end("/a", limited([]))
      yield* end("/b", between)
      yield* end("/c", limited([]))
      assert.strictEqual((yield* blockedFor) > 0, isBlocked)
    }))

  it.effect("is no block if the server fails on several paths", () =>
    Effect.gen(function*() {
      for (const path of ["/a", "/b", "/c"]) yield* end(path, errorOf(new ServerError({ ...call, status: 500 })))
      assert.strictEqual(yield* blockedFor, 0)
    }))
})
