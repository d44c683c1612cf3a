/** Combines a poller's parts: feeds, queue, timers and the waits on them. */
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"
import * as PollHistory from "../PollHistory.ts"
import type * as Wait from "../Wait.ts"
import * as Alarm from "./alarm.ts"
import * as ClockOffset from "./clockOffset.ts"
import * as Feed from "./feed.ts"
import * as Follow from "./follow.ts"
import * as Lessons from "./lessons.ts"
import * as Measure from "./measure.ts"
import * as Observers from "./observers.ts"
import * as Overdue from "./overdue.ts"
import * as Pacer from "./pacer.ts"
import * as Timers from "./timers.ts"
import type * as Waiter from "./waiter.ts"
import * as Waiting from "./waiting.ts"

/** A poller that ends with its scope. */
export const make = Effect.gen(function*() {
  const operations = yield* BulkOperations
  const clock = yield* Clock.Clock
  const own = yield* Effect.context<never>()
  const fork = Effect.runForkWith(own)
  const queue = watch(clock, own, fork)
  const pacer: Pacer.Pacer<Waiter.Turn> = Pacer.make<Waiter.Turn>({
    clock,
    fork,
    launch: ({ feed }, priority, turnstile) => feeds.poll(feed, priority, turnstile),
    onQueue: queue.observe
  })
  const timers = Timers.make(clock, fork)
  const offset = { millis: 0 }
  const context = yield* pollContext(({ headers }) =>
    Effect.sync(() => {
      offset.millis = ClockOffset.read(headers, clock.currentTimeMillisUnsafe()) ?? offset.millis
    })
  )
  const histories = yield* Effect.serviceOption(PollHistory.PollHistory)
  const lessons = Lessons.make({
    histories: Option.isSome(histories) ? histories.value : yield* PollHistory.make,
    fork,
    clockOffset: () => offset.millis
  })
  const { timeout } = Context.get(context, CloudflareApi.RequestPolicy)
  const feeds = Feed.make({
    operations,
    context,
    onAnswer: report(clock),
    onEnd: lessons.take,
    lostAfter: Duration.toMillis(Duration.fromInputUnsafe(timeout)) + 5000
  })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      feeds.close()
      pacer.stop()
      timers.stop()
      queue.stop()
    })
  )
  const run = Waiting.make({ clock, feeds, lessons, pacer, timers })
  return Follow.make({ accountId: operations.accountId, clock, run, clockOffset: () => offset.millis })
})

// Polls run in the context that the poller's layer was built with, but not in the trace of its builder.
const pollContext = (observe: (head: CloudflareApi.AnswerHead) => Effect.Effect<void>) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const own = Observers.guard(context)
    const observer = Context.get(own, CloudflareApi.AnswerObserver)
    return Effect.succeed(
      Context.omit(Tracer.ParentSpan)(own).pipe(
        // A wait handles transient errors itself.
        Context.add(CloudflareApi.RequestPolicy, {
          ...Context.get(own, CloudflareApi.RequestPolicy),
          retry: undefined
        }),
        Context.add(CloudflareApi.AnswerObserver, (head) => Effect.andThen(observer(head), observe(head)))
      )
    )
  })

// Warnings and metrics about the poller's queue.
const watch = (
  clock: Clock.Clock,
  context: Context.Context<never>,
  fork: (effect: Effect.Effect<void>) => unknown
) => {
  let overdue: Overdue.Overdue | undefined
  let seconds = 0
  let isWarned = false
  const tell = (now: number) => {
    const before = seconds
    seconds = Overdue.seconds(overdue, now)
    if (seconds !== before) Measure.overdue(context, seconds - before)
  }
  return {
    observe: (queue: Overdue.Queue) => {
      const now = Alarm.monotonicMillis(clock)
      overdue = Overdue.observe(overdue, now, queue)
      tell(now)
      const warning = isWarned ? undefined : Overdue.warning(overdue, now, queue)
      if (warning === undefined) return
      isWarned = true
      fork(Effect.logWarning(warning))
    },
    stop: () => {
      overdue = undefined
      tell(Alarm.monotonicMillis(clock))
    }
  }
}

// How long transient errors may last before a warning, and the least time between two warnings.
const quietFor = 15_000
const warnEvery = 60_000

const report = (clock: Clock.Clock) => {
  let warnedAt = Number.NEGATIVE_INFINITY
  return (feed: Feed.Feed, answer: Wait.Answer): Effect.Effect<void> => {
    if (Result.isSuccess(answer)) {
      const { status } = answer.success
      const isChange = feed.last?.operation.status !== status
      return isChange ? Effect.logDebug(`Bulk operation ${feed.operationId} is ${status}`) : Effect.void
    }
    const now = Alarm.monotonicMillis(clock)
    const lasted = now - (feed.failingSince ?? now)
    if (lasted < quietFor || now - warnedAt < warnEvery) {
      return Effect.logDebug(`No answer on bulk operation ${feed.operationId}`, answer.failure)
    }
    warnedAt = now
    return Effect.logWarning(
      `Bulk operation ${feed.operationId} could not be polled for ${
        Duration.format(Duration.seconds(Math.round(lasted / 1000)))
      }. ` +
        `Polling goes on. The latest error: ${answer.failure.message}`
    )
  }
}
