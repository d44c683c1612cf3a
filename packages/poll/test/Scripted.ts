/**
 * A poller over scripted operations, and what a test wants to know of its waits. Times are milliseconds since the test
 * began.
 */
import { CloudflareError, RequestBudget } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, type WaitError } from "@bulk-operations/poll"
import { assert } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, Layer, Option } from "effect"
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

export const calls = BulkOperationsTest.BulkOperationsTest.use(({ calls }) => calls)

export const inFlight = BulkOperationsTest.BulkOperationsTest.use(({ inFlight }) => inFlight)

/** When each look was made. */
export const looks = Effect.map(calls, (all) => all.map(({ at }) => DateTime.toEpochMillis(at)))

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
