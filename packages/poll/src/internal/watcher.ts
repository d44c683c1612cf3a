/**
 * Watching operations for all who wait: one watch for each operation, and no fiber or timer for each wait.
 *
 * A watch stands in the pacer's queue for its next look, a subscriber in a queue for its limit. A look is a fiber for as
 * long as its request takes; everything else happens at once, between two looks.
 */
import { isTerminal } from "@bulk-operations/core/BulkOperation"
import type { BulkOperation } from "@bulk-operations/core/BulkOperation"
import type { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Options } from "../PollOptions.ts"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"
import * as Limits from "./limits.ts"
import * as Measure from "./measure.ts"
import type * as Pacer from "./pacer.ts"
import * as Plan from "./plan.ts"
import { GaveUp, limit, type Listener, type Subscriber, troubleAtLimit, troubleLimit, type Watch } from "./watch.ts"

/** What is waited for. */
export interface Request {
  readonly operationId: string
  readonly accountId: string | undefined
  readonly options: Options
  /** Milliseconds of the epoch. */
  readonly startedAt: number | undefined
}

/** Watches operations. */
export interface Watcher {
  /** Subscribes to an operation. The subscriber is told of its end once, unless it leaves before. */
  readonly join: (request: Request, listener: Listener) => Effect.Effect<Subscriber>
  readonly leave: (subscriber: Subscriber) => void
  /** By how many milliseconds Cloudflare's clock is ahead of ours. */
  readonly clockOffset: () => number
  /** How many operations are watched. */
  readonly size: () => number
  /** Ends all watching. */
  readonly stop: () => void
}

// A slow answer is no reason to look for the last time long before the limit.
const longestLatency = 5000

// The longest that one `Retry-After` holds up the looks at all operations: Cloudflare blocks for five minutes.
const longestPause = 5 * 60_000

/** A watcher that asks `operations` when the pacer says so. */
export const make = (environment: {
  readonly operations: BulkOperations["Service"]
  readonly clock: Clock.Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly pacer: (launch: (watch: Watch) => void) => Pacer.Pacer<Watch>
}): Watcher => {
  const { clock, fork, operations } = environment
  const now = () => Alarm.monotonicMillis(clock)

  const watches = new Map<string, Watch>()
  // A subscriber is in the first until its last look is asked for, then in the second until its time is up.
  const lastLooks = Heap.make<Subscriber>()
  const ends = Heap.make<Subscriber>()
  // How long a look takes, as far as is known: a last look begins so much before the limit.
  let latency = 0
  let clockOffset = 0

  const join: Watcher["join"] = Effect.fnUntraced(function*({ accountId, operationId, options, startedAt }, listener) {
    const context = yield* Effect.context<never>()
    const key = `${accountId ?? ""}/${operationId}`
    const isOurs = (plan: Plan.Plan) =>
      plan.schedule === options.schedule && plan.troubleSchedule === options.troubleSchedule
    const known = watches.get(key)?.plans.find(isOurs)
    const plan = known ?? (yield* Plan.make(options, clock.currentTimeMillisUnsafe(), startedAt, pacer.lag()))
    // From here on nothing is waited for, so that nothing can change in between.
    const watch = watches.get(key) ?? begin({ key, operationId, accountId, context })
    const since = now()
    const subscriber: Subscriber = {
      options,
      since,
      deadline: since + Duration.toMillis(Duration.fromInputUnsafe(options.timeout)),
      watch,
      plan,
      pollsBefore: watch.polls,
      listener,
      at: Number.NaN,
      order: 0,
      slot: -1
    }
    const isFirst = watch.subscribers.size === 0
    watch.subscribers.add(subscriber)
    if (!watch.plans.includes(plan)) watch.plans.push(plan)
    setLimit(subscriber)
    if (watch.last !== undefined) listener.onChange(watch.last)
    if (isFirst) pacer.after(watch, plan.firstGap)
    // Its schedule is stepped at the next look: that one comes as early as it would alone, unless there is trouble.
    else if (plan !== known && watch.trouble === undefined) pacer.sooner(watch, plan.firstGap)
    checkLimits()
    return subscriber
  })

  const begin = (of: Pick<Watch, "key" | "operationId" | "accountId" | "context">): Watch => {
    const watch: Watch = {
      ...of,
      subscribers: new Set(),
      plans: [],
      polls: 0,
      last: undefined,
      trouble: undefined,
      look: undefined,
      lookedAt: Number.NEGATIVE_INFINITY,
      at: 0,
      order: 0,
      slot: -1
    }
    watches.set(of.key, watch)
    return watch
  }

  const leave = (subscriber: Subscriber) => {
    const { plan, watch } = subscriber
    if (!watch.subscribers.delete(subscriber)) return
    lastLooks.remove(subscriber)
    ends.remove(subscriber)
    if (watch.subscribers.size === 0) {
      watches.delete(watch.key)
      pacer.cancel(watch)
      watch.look?.interruptUnsafe()
    } else if (watch.plans.length > 1 && !Array.from(watch.subscribers).some((other) => other.plan === plan)) {
      watch.plans.splice(watch.plans.indexOf(plan), 1)
    }
  }

  const end = (subscriber: Subscriber, exit: Parameters<Listener["onEnd"]>[0]) => {
    leave(subscriber)
    subscriber.listener.onEnd(exit)
  }

  const endAll = (watch: Watch, exit: Parameters<Listener["onEnd"]>[0]) => {
    const subscribers = Array.from(watch.subscribers)
    // Who is told may wait for the same operation again at once, and must not find what has ended.
    subscribers.forEach(leave)
    for (const { listener } of subscribers) listener.onEnd(exit)
  }

  // Looks

  const launch = (watch: Watch) => {
    watch.lookedAt = now()
    watch.polls += 1
    Effect.runForkWith(lookContext(watch.context))(look(watch))
  }

  const lookContext = (context: Context.Context<never>) =>
    context.pipe(
      // A wait has its own answer to trouble.
      Context.add(CloudflareApi.RequestPolicy, {
        ...Context.get(context, CloudflareApi.RequestPolicy),
        retry: undefined
      }),
      Context.add(CloudflareApi.AnswerObserver, observe)
    )

  const look = Effect.fnUntraced(function*(watch: Watch) {
    const { accountId, operationId } = watch
    watch.look = yield* Effect.withFiberSucceed((fiber) => fiber)
    const exit = yield* Effect.exit(operations.get(operationId, { accountId }))
    watch.look = undefined
    const took = now() - watch.lookedAt
    latency = took === 0 ? 0 : Math.min(longestLatency, Math.max(1.25 * took, 0.9 * latency) + 1)
    if (Exit.isSuccess(exit)) return yield* seen(watch, exit.value)
    const error = Exit.findErrorOption(exit)
    return yield* Option.isSome(error)
      ? failed(watch, error.value)
      : Effect.sync(() => endAll(watch, Exit.failCause(exit.cause)))
  })

  // Schedules go by paced time: one that is stretched does not take the time it lost for the age of its operation, which
  // would leave it too dense when it begins. For `quadratic` a stretch is a higher `requestCost`.
  const scheduleTime = ({ lagBefore }: Plan.Plan) => clock.currentTimeMillisUnsafe() - (pacer.lag() - lagBefore)

  const seen = Effect.fnUntraced(function*(watch: Watch, operation: BulkOperation) {
    yield* Measure.look(operation.status)
    const hasChanged = watch.last?.status !== operation.status
    watch.last = operation
    if (hasChanged) {
      yield* Effect.logDebug(`Bulk operation ${watch.operationId} is ${operation.status}`)
      for (const { listener } of Array.from(watch.subscribers)) listener.onChange(operation)
    }
    if (isTerminal(operation)) return endAll(watch, Exit.succeed(operation))
    if (watch.trouble !== undefined) {
      watch.trouble = undefined
      watch.subscribers.forEach(setLimit)
    }
    let soonest = Number.POSITIVE_INFINITY
    for (const plan of Array.from(watch.plans)) {
      const gap = yield* Plan.gap(plan, scheduleTime(plan), operation)
      if (gap !== undefined) soonest = Math.min(soonest, gap)
      else for (const subscriber of Array.from(watch.subscribers)) if (subscriber.plan === plan) end(subscriber, gaveUp)
    }
    if (watch.subscribers.size > 0) pacer.after(watch, soonest)
    checkLimits()
  })

  const failed = Effect.fnUntraced(function*(watch: Watch, error: CloudflareError) {
    yield* Measure.look(error.reason._tag)
    yield* Effect.logDebug(`No answer on bulk operation ${watch.operationId}`, error)
    const isFirst = watch.trouble === undefined
    const trouble = { since: watch.trouble?.since ?? now(), error }
    watch.trouble = trouble
    for (const subscriber of Array.from(watch.subscribers)) {
      if (now() >= troubleLimit(trouble, subscriber)) end(subscriber, Exit.fail(error))
      else setLimit(subscriber)
    }
    let soonest = Number.POSITIVE_INFINITY
    for (const plan of watch.plans) {
      soonest = Math.min(soonest, yield* Plan.gapInTrouble(plan, scheduleTime(plan), error, isFirst))
    }
    const floor = error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)
    const gap = Math.max(soonest, floor)
    // Paced time stands still during the pause, which is the first part of the gap.
    const pause = error.reason._tag === "RateLimited" ? Math.min(longestPause, gap) : 0
    pacer.pause(pause)
    if (watch.subscribers.size > 0) pacer.after(watch, gap - pause)
    checkLimits()
  })

  const observe = ({ headers }: CloudflareApi.AnswerHead) =>
    Effect.sync(() => {
      clockOffset = Limits.clockOffset(headers, clock.currentTimeMillisUnsafe()) ?? clockOffset
      pacer.learn(Limits.policy(headers), Limits.remaining(headers))
    })

  // Limits

  const setLimit = (subscriber: Subscriber) => {
    const at = limit(subscriber)
    if (at === subscriber.at || !subscriber.watch.subscribers.has(subscriber)) return
    ends.remove(subscriber)
    lastLooks.put(subscriber, at)
  }

  let moments = 0
  const checkLimits = () => {
    const time = now()
    for (let next = lastLooks.peek(); next !== undefined && next.at - latency <= time; next = lastLooks.peek()) {
      lastLooks.remove(next)
      ends.put(next, next.at)
      if (next.watch.look === undefined && next.watch.lookedAt !== time) pacer.urgent(next.watch, next.at)
    }
    for (let next = ends.peek(); next !== undefined && next.at <= time; next = ends.peek()) {
      if (next.watch.look !== undefined && next.watch.lookedAt === time && moments++ < 10) {
        // This look began at the very end: an answer that needs no time still counts.
        fork(Effect.andThen(Effect.yieldNow, Effect.sync(checkLimits)))
        return
      }
      moments = 0
      const trouble = troubleAtLimit(next)
      end(next, trouble === undefined ? gaveUp : Exit.fail(trouble))
    }
    const nextLook = lastLooks.peek()
    const nextEnd = ends.peek()
    limitAlarm.set(Math.min(nextLook ? nextLook.at - latency : Infinity, nextEnd ? nextEnd.at : Infinity))
  }

  const limitAlarm = Alarm.make(clock, fork, checkLimits)
  const pacer = environment.pacer(launch)

  return {
    join,
    leave,
    clockOffset: () => clockOffset,
    size: () => watches.size,
    stop: () => {
      for (const watch of Array.from(watches.values())) endAll(watch, Exit.failCause(Cause.interrupt()))
      pacer.stop()
      limitAlarm.stop()
    }
  }
}

const gaveUp = Exit.fail(new GaveUp())
