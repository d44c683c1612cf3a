/**
 * A poller over scripted operations, and what a test wants to know of its waits. Times are milliseconds since the test
 * began.
 */
import { BulkOperations, CloudflareApi, CloudflareError, Credentials, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollMetrics, PollSchedule, type WaitError } from "@bulk-operations/poll"
import { assert } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, Layer, Logger, Metric, Option, Redacted, Tracer } from "effect"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

export const Poller = BulkOperationPoller.BulkOperationPoller

/** The poller and its operations. */
export const layer = (
  scripts: Parameters<typeof BulkOperationsTest.layer>[0],
  options?: BulkOperationsTest.Options
) => BulkOperationPoller.layer.pipe(Layer.provideMerge(BulkOperationsTest.layer(scripts, options)))

/** The poller without a budget of requests. */
export const unlimited = (...script: Parameters<typeof layer>) =>
  Layer.provide(layer(...script), RequestBudget.layer({ limit: Infinity }))

type Get = BulkOperations.BulkOperations["Service"]["get"]

/** The poller over operations that are gotten so. */
export const getting = (get: Get) =>
  BulkOperationPoller.layer.pipe(
    Layer.provide(Layer.succeed(BulkOperations.BulkOperations, { accountId: "account", get }))
  )

/** The poller over scripted operations, where the second poll of `op` is another one. */
export const withSecond = (
  second: (poll: ReturnType<Get>) => ReturnType<Get>,
  ...script: Parameters<typeof BulkOperationsTest.layer>
) => {
  const instead = Effect.map(BulkOperations.BulkOperations, (operations) => {
    let polls = 0
    const get: Get = (id, options) => {
      const poll = operations.get(id, options)
      return id === "op" && ++polls === 2 ? second(poll) : poll
    }
    return { ...operations, get }
  })
  return BulkOperationPoller.layer.pipe(
    Layer.provide(Layer.effect(BulkOperations.BulkOperations, instead)),
    Layer.provide(BulkOperationsTest.layer(...script))
  )
}

/** The poller over HTTP in memory. */
export const overHttp = (
  client: HttpClient.HttpClient,
  credentials: CloudflareApi.Options["credentials"] = Credentials.apiToken(Redacted.make("any-token"))
) =>
  BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperations.layer),
    Layer.provide(CloudflareApi.layer({ credentials, accountId: "account" })),
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
  )

/** What Cloudflare answers with this result. */
export const answer = (
  request: HttpClientRequest.HttpClientRequest,
  result: object,
  headers: Readonly<Record<string, string>> = {}
) =>
  HttpClientResponse.fromWeb(request, Response.json({ success: true, errors: [], messages: [], result }, { headers }))

/** The poller over a Cloudflare whose clock is a minute ahead. By ours, `op` ends at 3,602 seconds; it is seen from 3,604 on. */
export const clockAhead = overHttp(HttpClient.make((request) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const ahead = 60_000
    const result = now < 3_604_000
      ? { id: "op", status: "running" }
      : { id: "op", status: "completed", completed: new Date(3_602_000 + ahead).toISOString() }
    return answer(request, result, { date: new Date(now + ahead).toUTCString() })
  })
))

export const every = (interval: Duration.Input) => PollSchedule.spaced(interval)
export const everySecond = every("1 second")

/** How many waits are under way. */
export const active = Effect.map(Metric.value(PollMetrics.active), ({ value }) => value)

export const calls = BulkOperationsTest.BulkOperationsTest.use(({ calls }) => calls)

export const inFlight = BulkOperationsTest.BulkOperationsTest.use(({ inFlight }) => inFlight)

/** When each poll was made. */
export const pollTimes = Effect.map(calls, (all) => all.map(({ at }) => DateTime.toEpochMillis(at)))

/** Waits for `op`. */
export const wait = (options?: BulkOperationPoller.WaitOptions) => Poller.use((poller) => poller.wait("op", options))

/** How something ended, and when. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.exit(effect), (exit) => Effect.map(Clock.currentTimeMillis, (at) => [exit, at] as const))

/** Lets an hour pass, and says how and when it ended. */
export const within = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(timed(effect))
  yield* TestClock.adjust("1 hour")
  return yield* Fiber.join(fiber)
})

export const failure = <A, E>(exit: Exit.Exit<A, E>): E => Option.getOrThrow(Exit.findErrorOption(exit))

type WaitFailure = WaitError.BulkOperationFailed | WaitError.PollTimeout | CloudflareError.CloudflareError

/** The timeout that it ended with. */
export const timeoutOf = (exit: Exit.Exit<unknown, WaitFailure>): WaitError.PollTimeout => {
  const error = failure(exit)
  assert(error._tag === "PollTimeout", error.message)
  return error
}

/** The reason of the `CloudflareError` that it ended with. */
export const reasonOf = (exit: Exit.Exit<unknown, WaitFailure>): CloudflareError.Reason => {
  const error = failure(exit)
  assert(error._tag === "CloudflareError", error.message)
  return error.reason
}

/** What every reason of a `CloudflareError` has. */
export const call = { method: "GET", path: "/accounts/account/rules/lists/bulk_operations/op", errors: [] }
export const notFound = new CloudflareError.NotFound({ ...call, status: 404 })
export const badGateway = new CloudflareError.ServerError({ ...call, status: 502 })
export const rateLimited = (retryAfter?: Duration.Input) =>
  new CloudflareError.RateLimited({
    ...call,
    status: 429,
    ...(retryAfter !== undefined && { retryAfter: Duration.fromInputUnsafe(retryAfter) })
  })

/** What an effect came to, and the exceptions that nobody caught meanwhile: the test runner would fail for them. */
export const uncaught = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const others = process.listeners("uncaughtException")
      const caught: Array<Error> = []
      const listener = (error: Error) => caught.push(error)
      process.removeAllListeners("uncaughtException").on("uncaughtException", listener)
      return { caught, listener, others }
    }),
    ({ caught }) => Effect.map(effect, (value) => [value, caught] as const),
    ({ listener, others }) =>
      Effect.sync(() => {
        process.off("uncaughtException", listener)
        others.forEach((other) => process.on("uncaughtException", other))
      })
  )

/** A tracer that keeps its spans. */
export const tracing = (change: (span: Tracer.NativeSpan) => void = () => {}) => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      change(span)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

/** A logger that keeps what it is told, `LEVEL text`. */
export const logging = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${Array.isArray(message) ? message[0] : message}`)
  })
  return { layer: Logger.layer([logger]), lines }
}

/** A wall clock that can be set, over the clock of the test. */
export const settable = TestClock.testClockWith((clock) =>
  Effect.sync(() => {
    let offset = 0
    const millis = () => clock.currentTimeMillisUnsafe() + offset
    const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
    const wall: TestClock.TestClock = {
      ...clock,
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos)
    }
    return {
      clock: wall,
      set: (by: Duration.Input) => Effect.sync(() => offset += Duration.toMillis(Duration.fromInputUnsafe(by)))
    }
  })
)

/** A process that can be stopped: no timer rings meanwhile, and all time has passed when it goes on. */
export const stoppable = TestClock.testClockWith((clock) =>
  Effect.sync(() => {
    let slept = 0n
    // A reading of a real clock is never twice the same.
    let tick = 0n
    const millis = () => clock.currentTimeMillisUnsafe() + Number(slept / 1_000_000n)
    const nanos = () => clock.currentTimeNanosUnsafe() + slept
    const monotonic = () => clock.monotonicTimeNanosUnsafe() + slept + tick++
    const real: TestClock.TestClock = {
      ...clock,
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: nanos,
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanosUnsafe: monotonic,
      monotonicTimeNanos: Effect.sync(monotonic)
    }
    const stop = (duration: Duration.Input) =>
      Effect.sync(() => slept += BigInt(Duration.toMillis(Duration.fromInputUnsafe(duration))) * 1_000_000n)
    return { clock: real, stop }
  })
)

/** A way to fork, and how many of its fibers are there. */
export const forking = Effect.gen(function*() {
  const clock = yield* TestClock.testClockWith(Effect.succeed)
  let sleepers = 0
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  return {
    clock,
    sleepers: () => sleepers,
    fork: (effect: Effect.Effect<void>) => {
      sleepers += 1
      const fiber = fork(effect)
      fiber.addObserver((exit) => {
        // One that died is no sleeper that has gone.
        if (!Exit.hasDies(exit)) sleepers -= 1
      })
      return fiber
    }
  }
})
