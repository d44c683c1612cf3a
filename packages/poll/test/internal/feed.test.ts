import {
  BulkOperation,
  BulkOperations,
  CloudflareApi,
  CloudflareError,
  Credentials,
  RequestBudget
} from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { PollHistory, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Context,
  DateTime,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Redacted,
  References,
  Schedule,
  Stream,
  Tracer
} from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Alarm from "../../src/internal/alarm.ts"
import * as Feed from "../../src/internal/feed.ts"
import type * as Poll from "../../src/internal/poll.ts"
import * as Scripted from "../Scripted.ts"

const { calls, every, everySecond, inFlight, pollTimes, Poller, reasonOf, timed } = Scripted

describe("waits for the same operation", () => {
  it.effect("cost the requests of one, even a thousand of them, streams included", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const oneOf = (index: number): Effect.Effect<unknown, unknown> =>
        index % 2 === 0
          ? poller.wait("op", { schedule: everySecond })
          : Stream.runDrain(poller.changes("op", { schedule: everySecond }))
      const [exit] = yield* Scripted.within(
        Effect.forEach(Array.from({ length: 1000 }, (_, index) => index), oneOf, { concurrency: "unbounded" })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(yield* pollTimes, [0, 1000, 2000, 3000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))

  it.effect("cost as little when each creates its schedule anew", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const [exit] = yield* Scripted.within(
        Effect.forEach(
          Array.from({ length: 100 }, (_, index) => index),
          (index) => Effect.delay(poller.wait("op", { schedule: every("10 seconds") }), index),
          { concurrency: "unbounded" }
        )
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(yield* pollTimes, [0, 10_000, 20_000, 30_000])
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("25 seconds") }))))

  it.effect("make at most two polls per interval, 1,000 of them with schedules written inline and the same start", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* TestClock.adjust("1 hour")
      const startedAt = DateTime.makeUnsafe(3_540_000)
      const fibers = yield* Effect.forEach(
        Array.from({ length: 1000 }, (_, index) => index),
        (index) =>
          Effect.forkChild(Effect.delay(
            Effect.exit(poller.wait("op", {
              startedAt,
              schedule: PollSchedule.quadratic({ requestCost: "1 second" }),
              timeout: "10 minutes"
            })),
            index * 5
          ))
      )
      // They come within five seconds, where the schedule asks for a poll every 16.
      yield* TestClock.adjust("5 seconds")
      assert.isAtMost((yield* pollTimes).length, 2)
      yield* TestClock.adjust("2 minutes")
      const [row] = yield* PollSchedule.explain(PollSchedule.quadratic({ requestCost: "1 second" }), ["185 seconds"])
      const [sooner] = yield* PollSchedule.explain(PollSchedule.quadratic({ requestCost: "1 second" }), ["60 seconds"])
      assert.isAtMost((yield* pollTimes).length, 2 * Math.ceil((row?.polls ?? 0) - (sooner?.polls ?? 0)) + 1)
      yield* Fiber.interruptAll(fibers)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("share polls even if only one of them names the default account", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* Scripted.within(
        Effect.all([poller.wait("op"), poller.wait("op", { accountId: "account" })], { concurrency: 2 })
      )
      assert.lengthOf(yield* pollTimes, 1)
    }).pipe(Effect.provide(Scripted.layer({ op: ["completed"] }, { latency: "1 second" }))))

  it.effect("are separate if the accounts differ, whatever the ids contain", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* Scripted.within(
        Effect.all([
          poller.wait("b/op", { accountId: "a" }),
          poller.wait("op", { accountId: "a/b" }),
          poller.wait("op", { accountId: "c" })
        ], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(
        (yield* calls).map(({ accountId, operationId }) => [accountId, operationId]),
        [["a", "b/op"], ["a/b", "op"], ["c", "op"]]
      )
    }).pipe(Effect.provide(Scripted.layer({ "op": ["completed"], "b/op": ["completed"] }, { latency: "1 second" }))))

  it.effect("all fail with a permanent error", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const [exit] = yield* Scripted.within(Effect.all([
        Effect.exit(poller.wait("op")),
        Effect.exit(Stream.runDrain(poller.changes("op"))),
        Effect.exit(poller.wait("op", { schedule: everySecond }))
      ], { concurrency: "unbounded" }))
      assert(Exit.isSuccess(exit))
      assert.deepStrictEqual(exit.value.map((one) => reasonOf(one)._tag), ["Forbidden", "Forbidden", "Forbidden"])
      assert.lengthOf(yield* pollTimes, 1)
    }).pipe(Effect.provide(
      Scripted.layer({ op: [new CloudflareError.Forbidden(Scripted.call)] }, { latency: "1 second" })
    )))
})

describe("leaving", () => {
  it.effect("does not affect other waits, and the last to leave aborts the request and stops the polls", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const first = yield* Effect.forkChild(poller.wait("op", { schedule: everySecond }))
      const second = yield* Effect.forkChild(poller.wait("op", { schedule: everySecond }))
      const stream = yield* Effect.forkChild(Stream.runDrain(poller.changes("op", { schedule: everySecond })))
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(yield* pollTimes, 2)
      assert.strictEqual(yield* inFlight, 1)
      yield* Fiber.interrupt(second)
      assert.strictEqual(yield* inFlight, 1)
      yield* Fiber.interrupt(stream)
      assert.strictEqual(yield* inFlight, 0)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* pollTimes, 2)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running", "hang"] }))))

  it.effect("a stream by reading no further stops the polls", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* poller.changes("op", { schedule: everySecond }).pipe(Stream.take(1), Stream.runDrain)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* pollTimes, 1)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))

  it.effect("while the request budget holds polls back leaves the first poll of others in the queue", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* poller.wait("other")
      const leaver = yield* Effect.forkChild(poller.wait("op"))
      const stayer = yield* Effect.forkChild(timed(poller.wait("another")))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(leaver)
      yield* TestClock.adjust("20 seconds")
      assert.isDefined(stayer.pollUnsafe())
    }).pipe(Effect.provide(Layer.provide(
      Scripted.layer({ other: ["completed"], op: ["running"], another: ["completed"] }),
      RequestBudget.layer({ limit: 1, window: "10 seconds", key: "first polls" })
    ))))

  it.effect("while a schedule is slow to answer stops the schedule too", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      let steps = 0
      const slow = Schedule.forever.pipe(
        Schedule.modifyDelay(() =>
          Effect.as(Effect.delay(Effect.sync(() => steps++), "10 seconds"), "1 second" as const)
        )
      )
      const fiber = yield* Effect.forkChild(poller.wait("op", { schedule: slow }))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(steps, 0)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

describe("an application", () => {
  it.effect("whose callback throws after its wait has ended harms no other wait for the operation", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const context = yield* Effect.context<never>()
      const run = Effect.gen(function*() {
        Effect.runCallbackWith(context)(poller.wait("op", { schedule: everySecond }), {
          onExit: () => {
            throw new Error("the application broke")
          }
        })
        const other = yield* Effect.forkChild(timed(poller.wait("op", { schedule: everySecond })))
        yield* TestClock.adjust("1 minute")
        return yield* Fiber.join(other)
      })
      const [[exit, at], caught] = yield* Scripted.uncaught(run)
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 5000)
      assert.deepStrictEqual(caught.map(({ message }) => message), ["the application broke"])
      // The poller still accepts new waits.
      assert.strictEqual((yield* poller.wait("op")).status, "completed")
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("5 seconds") }))))

  it.effect("whose callback throws at a deadline harms no other deadline, before it or after", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const context = yield* Effect.context<never>()
      const endedBy = (id: string, timeout: Duration.Input) =>
        Effect.forkChild(timed(poller.wait(id, { schedule: everySecond, timeout })))
      const run = Effect.gen(function*() {
        const sameTime = yield* endedBy("a", "5 seconds")
        Effect.runCallbackWith(context)(poller.wait("b", { schedule: everySecond, timeout: "5 seconds" }), {
          onExit: () => {
            throw new Error("the application broke")
          }
        })
        const sameTimeToo = yield* endedBy("c", "5 seconds")
        const later = yield* endedBy("d", "1 minute")
        yield* TestClock.adjust("10 seconds")
        const after = yield* endedBy("e", "1 minute")
        yield* TestClock.adjust("1 hour")
        return yield* Effect.forEach([sameTime, sameTimeToo, later, after], Fiber.join)
      })
      const [ends, caught] = yield* Scripted.uncaught(run)
      assert.deepStrictEqual(ends.map(([, at]) => at), [5000, 5000, 60_000, 70_000])
      assert.lengthOf(caught, 1)
    }).pipe(Effect.provide(Scripted.layer(Object.fromEntries(Array.from("abcde", (id) => [id, ["running"]]))))))

  it.effect("that hangs a chain of 20,000 fibers on a wait, too deep for the stack, harms no other wait", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const run = Effect.gen(function*() {
        // Detached: what hangs on a broken chain hangs for ever, as in plain Effect.
        let chain: Fiber.Fiber<unknown, unknown> = yield* Effect.forkDetach(
          poller.wait("op", { schedule: everySecond })
        )
        for (let depth = 0; depth < 20_000; depth++) {
          const before = chain
          chain = yield* Effect.forkDetach(Effect.andThen(Fiber.join(before), Effect.void))
        }
        const other = yield* Effect.forkChild(timed(poller.wait("op", { schedule: everySecond })))
        yield* TestClock.adjust("1 minute")
        return yield* Fiber.join(other)
      })
      const [[exit, at], caught] = yield* Scripted.uncaught(run)
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 3000)
      assert.isAbove(caught.length, 0, "the chain is not deep enough to show anything")
    }).pipe(Effect.provide(Scripted.layer({ op: BulkOperationsTest.lasting("3 seconds") }))))

  it.effect("whose history throws harms no wait that does not use it", () =>
    Effect.gen(function*() {
      const [exit] = yield* Scripted.within(Scripted.wait({ schedule: everySecond }))
      assert.isTrue(Exit.isSuccess(exit), String(exit))
    }).pipe(Effect.provide(Layer.provide(
      Scripted.layer({ op: ["running", "completed"] }),
      Layer.succeed(PollHistory.PollHistory, {
        record: () => Effect.die("not implemented"),
        hazard: () => {
          throw new Error("not implemented")
        },
        history: () => Effect.die("not implemented")
      })
    ))))

  it.effect("whose tracer throws at an event harms only its own wait, and leaves nothing of it behind", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const { tracer } = Scripted.tracing((span) => {
        span.event = () => {
          throw new Error("the tracer broke")
        }
      })
      const wait = Effect.forkChild(timed(poller.wait("op", { schedule: everySecond, timeout: "5 seconds" })))
      const healthy = yield* wait
      const broken = yield* Effect.provideService(wait, Tracer.Tracer, tracer)
      yield* TestClock.adjust("1500 millis")
      // This one receives the status while it joins.
      const brokenToo = yield* Effect.provideService(wait, Tracer.Tracer, tracer)
      yield* TestClock.adjust("1 minute")
      const ends = yield* Effect.forEach([healthy, broken, brokenToo], Fiber.join)
      assert.deepStrictEqual(ends.map(([exit, at]) => [Exit.hasDies(exit), at]), [[false, 5000], [true, 0], [
        true,
        1500
      ]])
      const before = (yield* calls).length
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* calls, before)
    }).pipe(Effect.provide(Scripted.layer({ op: ["running"] }))))
})

// A Cloudflare that lets the token of tenant A in, and says who asked.
const Tenant = Context.Reference<string>("Tenant", { defaultValue: () => "nobody" })

const cloudflare = (answer: (now: number) => Effect.Effect<object>) => {
  const tokens: Array<string> = []
  const client = HttpClient.make((request) =>
    Effect.gen(function*() {
      const token = String(request.headers["authorization"])
      tokens.push(token)
      const now = yield* Clock.currentTimeMillis
      if (token !== "Bearer A") return HttpClientResponse.fromWeb(request, new Response("{}", { status: 403 }))
      return Scripted.answer(request, yield* answer(now))
    })
  )
  const credentials = Effect.map(Tenant, (tenant) => Credentials.apiToken(Redacted.make(tenant)))
  const layer = Layer.provide(Scripted.overHttp(client, credentials), Layer.succeed(Tenant, "A"))
  return { layer, tokens }
}

const under = (status: string) => ({ id: "op", status })

describe("polls run in the context of the poller", () => {
  it.effect("with its credentials, not those of its waits", () =>
    Effect.gen(function*() {
      const { layer, tokens } = cloudflare((now) => Effect.succeed(under(now < 5000 ? "running" : "failed")))
      yield* Effect.gen(function*() {
        const wait = Effect.provideService(Scripted.wait({ schedule: everySecond }), Tenant, "B")
        const first = yield* Effect.forkChild(wait)
        yield* TestClock.adjust("1500 millis")
        const second = yield* Effect.forkChild(timed(Effect.provideService(wait, Tenant, "C")))
        yield* Fiber.interrupt(first)
        yield* TestClock.adjust("1 minute")
        const [exit] = yield* Fiber.join(second)
        assert.strictEqual(Scripted.failure(exit)._tag, "BulkOperationFailed")
      }).pipe(Effect.provide(layer))
      assert.deepStrictEqual(new Set(tokens), new Set(["Bearer A"]))
    }))

  it.effect("with its RequestPolicy, and no retries but those of the wait", () =>
    Effect.gen(function*() {
      const polls: Array<number> = []
      const { layer } = cloudflare((now) => {
        polls.push(now)
        return now < 1000 ? Effect.never : Effect.succeed(under("running"))
      })
      const policy = { ...CloudflareApi.defaultPolicy, timeout: "2 seconds" } as const
      yield* Effect.gen(function*() {
        // A wait's own policy is not that of the polls.
        const [exit] = yield* Scripted.within(
          Scripted.wait({
            transientSchedule: Schedule.spaced("3 seconds"),
            schedule: every("1 minute"),
            timeout: "4 minutes"
          }).pipe(
            Effect.provideService(CloudflareApi.RequestPolicy, { ...policy, timeout: "1 hour" })
          )
        )
        assert.strictEqual(Scripted.timeoutOf(exit).polls, polls.length)
        // The first fails after two seconds, and is not sent again before the wait wants it.
        assert.deepStrictEqual(polls.slice(0, 3), [0, 5000, 65_000])
      }).pipe(Effect.provide(Layer.provide(layer, Layer.succeed(CloudflareApi.RequestPolicy, policy))))
    }))

  it.effect("with its logger, not that of a wait whose scope may have closed", () =>
    Effect.gen(function*() {
      const own = Scripted.logging()
      const theirs = Scripted.logging()
      const { layer } = cloudflare((now) => Effect.succeed(under(now < 3000 ? "running" : "failed")))
      const debug = Effect.provideService(References.MinimumLogLevel, "Debug")
      yield* Effect.gen(function*() {
        const first = yield* Effect.forkChild(
          debug(Effect.provide(Scripted.wait({ schedule: everySecond }), theirs.layer))
        )
        yield* TestClock.adjust("1500 millis")
        const second = yield* Effect.forkChild(Effect.exit(Scripted.wait({ schedule: everySecond })))
        yield* Fiber.interrupt(first)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(second)
      }).pipe(
        Effect.provide(layer.pipe(
          Layer.provide(own.layer),
          Layer.provide(Layer.succeed(References.MinimumLogLevel, "Debug"))
        ))
      )
      assert.deepStrictEqual(theirs.lines, [])
      assert.includeMembers(own.lines, ["Debug Bulk operation op is running", "Debug Bulk operation op is failed"])
    }))

  it.effect("in a trace of their own, linked to the spans of ten current waits", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Scripted.tracing()
      const poller = yield* Effect.provideService(
        Layer.build(Scripted.layer({ op: BulkOperationsTest.lasting("5 seconds") })),
        Tracer.Tracer,
        tracer
      ).pipe(Effect.withSpan("whoever built it"), Effect.map(Context.get(Poller)))
      const wait = Effect.withSpan(poller.wait("op", { schedule: everySecond }), "request").pipe(
        Effect.provideService(Tracer.Tracer, tracer)
      )
      const first = yield* Effect.forkChild(wait)
      yield* TestClock.adjust("1500 millis")
      const others = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkChild(wait))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 minute")
      yield* Effect.forEach(others, Fiber.join)
      const polls = spans.filter(({ name }) => name === "BulkOperations.get")
      assert.lengthOf(polls, 6)
      assert.isTrue(polls.every(({ parent }) => parent._tag === "None"))
      assert.deepStrictEqual(polls.map(({ links }) => links.length), [1, 1, 10, 10, 10, 10])
      const waits = spans.filter(({ name }) => name === "BulkOperationPoller.wait")
      assert.strictEqual(polls[0]?.links[0]?.span.spanId, waits[0]?.spanId)
      assert.deepStrictEqual(
        polls[5]?.links.map(({ span }) => span.spanId),
        waits.slice(1, 11).map(({ spanId }) => spanId)
      )
    }))
})

describe("a poll that is lost", () => {
  it.effect("because its Worker request has ended is repeated for the next wait that joins", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      const lost = yield* Effect.forkChild(poller.wait("op", { timeout: "2 hours" }))
      yield* TestClock.adjust("34 seconds")
      const early = yield* Effect.forkChild(timed(poller.wait("op", { timeout: "10 seconds" })))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(Scripted.timeoutOf((yield* Fiber.join(early))[0]).polls, 0)
      const [exit, at] = yield* Scripted.timed(poller.wait("op"))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 44_000)
      yield* Fiber.join(lost)
      assert.deepStrictEqual(yield* pollTimes, [0, 44_000])
    }).pipe(Effect.provide(Scripted.layer({ op: ["hang", "completed"] }))))

  it.effect("or waits long for the request budget is still sent if the wait that joined last leaves", () =>
    Effect.gen(function*() {
      const poller = yield* Poller
      yield* poller.wait("other")
      const stayer = yield* Effect.forkChild(timed(poller.wait("op")))
      const another = yield* Effect.forkChild(poller.wait("another"))
      yield* TestClock.adjust("1 minute")
      const joiner = yield* Effect.forkChild(poller.wait("op"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(joiner)
      yield* TestClock.adjust("10 minutes")
      yield* Fiber.join(another)
      assert.isDefined(stayer.pollUnsafe())
    }).pipe(Effect.provide(Layer.provide(
      Scripted.layer({ other: ["completed"], op: ["completed"], another: ["completed"] }),
      RequestBudget.layer({ limit: 1, window: "5 minutes", key: "lost" })
    ))))
})

describe("a poll that dies", () => {
  const other = BulkOperationsTest.lasting("5 seconds")

  const harmsItsOwn = Effect.gen(function*() {
    const poller = yield* Poller
    const ends = yield* Effect.forEach(
      ["op", "op", "other"],
      (id) => Effect.forkChild(timed(poller.wait(id, { schedule: everySecond })))
    )
    yield* TestClock.adjust("1 minute")
    const exits = yield* Effect.forEach(ends, Fiber.join)
    assert.deepStrictEqual(
      exits.map(([exit, at]) => [Exit.hasDies(exit), at]),
      [[true, 1000], [true, 1000], [false, 5000]]
    )
  })

  it.effect("ends only the waits for its operation, with its cause, and later waits start afresh", () =>
    Effect.gen(function*() {
      yield* harmsItsOwn
      const { status } = yield* Scripted.wait()
      assert.strictEqual(status, "completed")
    }).pipe(Effect.provide(Scripted.layer({
      op: ({ attempt }) => {
        if (attempt === 2) throw new Error("the client broke")
        return attempt < 2 ? "running" : "completed"
      },
      other
    }))))

  it.effect("when it is called, as an incomplete fake does, harms only the waits for its operation", () =>
    harmsItsOwn.pipe(Effect.provide(Scripted.withSecond(() => {
      throw new Error("not implemented")
    }, { op: ["running"], other }))))
})

describe("a last poll that waits for the request budget", () => {
  it.effect("is not given up for a less urgent poll, nor for another last poll", () =>
    Effect.gen(function*() {
      const operations = yield* BulkOperations.BulkOperations
      const claims: Array<string> = []
      const feeds = Feed.make({
        operations: {
          ...operations,
          get: () =>
            Effect.flatMap(RequestBudget.CurrentClaim, ({ delayed, priority }) => {
              claims.push(priority)
              return Effect.andThen(delayed, Effect.never)
            })
        },
        context: yield* Effect.context<never>(),
        onAnswer: () => Effect.void,
        onEnd: () => {},
        lostAfter: Infinity
      })
      const reader = { span: Tracer.externalSpan({ spanId: "1", traceId: "1" }), receive: () => {} }
      const feed = feeds.join("op", undefined, reader)
      const turnstile = { delayed: () => {}, admitted: () => {}, ended: () => {} }
      for (const priority of ["poll", "poll", "lastPoll", "poll", "lastPoll"] as const) {
        feeds.poll(feed, priority, turnstile)
      }
      assert.deepStrictEqual(claims, ["poll", "lastPoll"])
      feeds.close()
    }).pipe(Effect.provide(BulkOperationsTest.layer({}))))
})

const reader = () => {
  const received: Array<Poll.Observation> = []
  const reader: Feed.Reader = {
    span: Tracer.externalSpan({ spanId: "1", traceId: "1" }),
    receive: (observation) => received.push(observation)
  }
  return { reader, received }
}

// Feeds without waits: the results of polls are scripted.
const feeding = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const clock = yield* Clock.Clock
  const said: Array<string> = []
  const ends: Array<Feed.Ended | undefined> = []
  let answer: Effect.Effect<BulkOperation.BulkOperation> = Effect.never
  const feeds = Feed.make({
    context,
    operations: {
      accountId: "account",
      get: () =>
        Effect.flatMap(RequestBudget.CurrentClaim, ({ admitted, delayed, priority }) => {
          said.push(priority)
          // The budget is asked for one second, and then is short for another.
          return Effect.sleep("1 second").pipe(
            Effect.andThen(delayed),
            Effect.andThen(Effect.sleep("1 second")),
            Effect.andThen(admitted),
            Effect.andThen(Effect.suspend(() => answer)),
            Effect.onInterrupt(() => Effect.sync(() => said.push("aborted")))
          )
        })
    },
    onAnswer: () => Effect.void,
    onEnd: (_, ended) => ends.push(ended),
    lostAfter: 35_000
  })
  const turnstile = {
    delayed: () => said.push("delayed"),
    admitted: () => said.push("admitted"),
    ended: () => said.push("ended")
  }
  const answering = (next: typeof answer) =>
    Effect.sync(() => {
      answer = next
    })
  return { answering, ends, feeds, now: () => Alarm.monotonicMillis(clock), said, turnstile }
})
const operation = (status: "running" | "failed") => {
  const id = BulkOperation.OperationId.make("op")
  return status === "running"
    ? { id, status } as const
    : BulkOperation.Failed.make({ id, completed: Option.none(), error: Option.none() })
}

describe("a poll of a feed", () => {
  it.effect("reports when the budget delays and admits it, and counts as sent from then on", () =>
    Effect.gen(function*() {
      const { answering, feeds, now, said, turnstile } = yield* feeding
      const { reader: one, received } = reader()
      const began = now()
      const feed = feeds.join("op", undefined, one)
      feeds.poll(feed, "poll", turnstile)
      assert.deepStrictEqual([feed.isSent, feed.sentAt, said], [true, began, ["poll"]])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([feed.isSent, feed.sentAt, said], [false, began, ["poll", "delayed"]])
      yield* answering(Effect.delay(Effect.succeed(operation("running")), "1 second"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([feed.isSent, feed.sentAt], [true, began + 2000])
      assert.deepStrictEqual(said, ["poll", "delayed", "admitted"])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(said, ["poll", "delayed", "admitted", "ended"])
      assert.deepStrictEqual(received.map((one) => one._tag === "Answered" && [one.sentAt, one.at]), [
        [began + 2000, began + 3000]
      ])
      assert.strictEqual(feed.underWayAt, began + 2000)
    }))

  it.effect("is replaced by a last poll while it waits for the budget, but not once it is sent", () =>
    Effect.gen(function*() {
      const { feeds, said, turnstile } = yield* feeding
      const feed = feeds.join("op", undefined, reader().reader)
      feeds.poll(feed, "poll", turnstile)
      feeds.poll(feed, "lastPoll", turnstile)
      assert.deepStrictEqual(said, ["poll"])
      yield* TestClock.adjust("1 second")
      feeds.poll(feed, "poll", turnstile)
      assert.deepStrictEqual(said, ["poll", "delayed"])
      feeds.poll(feed, "lastPoll", turnstile)
      yield* TestClock.adjust(0)
      assert.sameMembers(said, ["poll", "delayed", "aborted", "ended", "lastPoll"])
      yield* TestClock.adjust("5 seconds")
      feeds.poll(feed, "lastPoll", turnstile)
      feeds.poll(feed, "poll", turnstile)
      assert.lengthOf(said.filter((one) => one === "poll" || one === "lastPoll"), 2)
    }))

  it.effect("counts as lost for a wait that joins after the longest time an answer can take", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const { feeds, said, turnstile } = yield* feeding
      const feed = feeds.join("op", undefined, reader().reader)
      feeds.poll(feed, "poll", turnstile)
      yield* TestClock.adjust("37 seconds")
      feeds.join("op", undefined, reader().reader)
      assert.isDefined(feed.poll)
      yield* TestClock.adjust(1)
      feeds.join("op", undefined, reader().reader)
      assert.isUndefined(feed.poll)
      yield* TestClock.adjust(0)
      assert.include(said, "aborted")
    }))

  it.effect("that dies notifies its readers, and a wait that joins later starts a new feed", () =>
    Effect.gen(function*() {
      const { answering, feeds, turnstile } = yield* feeding
      const { reader: one, received } = reader()
      const feed = feeds.join("op", undefined, one)
      yield* answering(Effect.die("the client broke"))
      feeds.poll(feed, "poll", turnstile)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(received.map(({ _tag }) => _tag), ["Died"])
      assert.notStrictEqual(feeds.join("op", undefined, reader().reader), feed)
    }))
})

describe("the end of a feed", () => {
  it.effect("notifies once, with the ended operation and the time of detection", () =>
    Effect.gen(function*() {
      const { answering, ends, feeds, now, turnstile } = yield* feeding
      const { reader: one } = reader()
      const began = now()
      const feed = feeds.join("op", undefined, one)
      yield* answering(Effect.succeed(operation("failed")))
      feeds.poll(feed, "poll", turnstile)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(ends.map((end) => [end?.operation.status, end?.at]), [["failed", began + 2000]])
      feeds.leave(feed, one)
      feeds.leave(feed, one)
      assert.lengthOf(ends, 1)
    }))

  it.effect("notifies without an operation when the last reader leaves", () =>
    Effect.gen(function*() {
      const { ends, feeds } = yield* feeding
      const [{ reader: one }, { reader: other }] = [reader(), reader()]
      const feed = feeds.join("op", undefined, one)
      feeds.join("op", undefined, other)
      feeds.leave(feed, one)
      assert.deepStrictEqual(ends, [])
      feeds.leave(feed, other)
      assert.deepStrictEqual(ends, [undefined])
    }))

  it.effect("does not affect a newer feed of the same operation", () =>
    Effect.gen(function*() {
      const { answering, feeds, turnstile } = yield* feeding
      const { reader: one } = reader()
      const before = feeds.join("op", undefined, one)
      yield* answering(Effect.succeed(operation("failed")))
      feeds.poll(before, "poll", turnstile)
      yield* TestClock.adjust("1 minute")
      const after = feeds.join("op", undefined, reader().reader)
      assert.notStrictEqual(after, before)
      feeds.leave(before, one)
      assert.strictEqual(feeds.join("op", undefined, reader().reader), after)
    }))

  it.effect("aborts polls and interrupts readers of all feeds when the poller closes", () =>
    Effect.gen(function*() {
      const { ends, feeds, said, turnstile } = yield* feeding
      const [{ reader: one, received }, { reader: other }] = [reader(), reader()]
      feeds.poll(feeds.join("a", undefined, one), "poll", turnstile)
      feeds.join("b", undefined, other)
      yield* TestClock.adjust("1 minute")
      feeds.close()
      yield* TestClock.adjust(0)
      assert.isTrue(feeds.isClosed())
      assert.deepStrictEqual([ends, feeds.size()], [[undefined, undefined], 0])
      assert.include(said, "aborted")
      assert.isTrue(received.every((one) => one._tag === "Died" && Cause.hasInterrupts(one.cause)))
      assert.lengthOf(received, 1)
    }))
})
