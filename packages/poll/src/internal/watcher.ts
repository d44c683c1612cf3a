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
import { constVoid } from "effect/Function"
import type { Options } from "../PollOptions.ts"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"
import * as Limits from "./limits.ts"
import * as Measure from "./measure.ts"
import type * as Pacer from "./pacer.ts"
import * as Plan from "./plan.ts"
import {
  type Ending,
  GaveUp,
  limit,
  type Listener,
  type Subscriber,
  troubleAtLimit,
  troubleLimit,
  type Watch
} from "./watch.ts"

/** What is waited for, and how. */
export interface Request extends Pick<Options, "schedule" | "troubleSchedule"> {
  readonly operationId: string
  readonly accountId: string | undefined
  /** Milliseconds of the epoch. */
  readonly startedAt: number | undefined
  /** In milliseconds, as those below. */
  readonly timeout: number
  readonly tolerance: number
  readonly notFoundGrace: number
}

/** Watches operations. */
export interface Watcher {
  /** The schedules of a wait to be, which may take time to begin. */
  readonly plan: (request: Request) => Effect.Effect<Plan.Plan>
  /**
   * Subscribes to an operation. The subscriber is told of its end once, unless it leaves before. Looks run in the context
   * of the first one.
   */
  readonly join: (
    request: Request,
    plan: Plan.Plan,
    context: Context.Context<never>,
    listener: Listener
  ) => Subscriber
  readonly leave: (subscriber: Subscriber) => void
  /** By how many milliseconds Cloudflare's clock is ahead of ours. */
  readonly clockOffset: () => number
  /** How much is kept: watches, and entries in the queues. */
  readonly size: () => number
  /** Ends all watching. */
  readonly stop: () => void
}

// A slow answer is no reason to look for the last time long before the limit.
const longestLatency = 5000

// How often an answer that takes no time may still have to yield.
const maxYields = 20

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

  let isStopped = false

  const watchOf = ({ accountId, operationId }: Request) => watches.get(keyOf(accountId, operationId))

  const plan: Watcher["plan"] = Effect.fnUntraced(function*(request) {
    const watch = watchOf(request)
    const known = watch && planLike(watch, request)
    if (known !== undefined) return known
    const wallTime = clock.currentTimeMillisUnsafe()
    if (request.startedAt !== undefined || watch?.last === undefined || watch.look !== undefined) {
      return yield* Plan.make(request, wallTime, pacer.lag(), request.startedAt)
    }
    // Others wait already, and what they saw last is this wait's first look.
    return yield* Plan.make(request, wallTime, pacer.lag(), wallTime - (now() - watch.lookedAt), 1)
  })

  const join: Watcher["join"] = (request, plan, context, listener) => {
    const watch = watchOf(request) ?? watchFor(request, lookContext(context))
    const known = planLike(watch, request)
    const since = now()
    const subscriber: Subscriber = {
      since,
      deadline: since + request.timeout,
      tolerance: request.tolerance,
      graceEnd: since + request.notFoundGrace,
      watch,
      plan: known ?? plan,
      pollsBefore: watch.polls,
      listener,
      at: Number.NaN,
      order: 0,
      slot: -1
    }
    if (isStopped) {
      listener.onEnd(interrupted, subscriber)
      return subscriber
    }
    const isFirst = watch.subscribers.size === 0
    watches.set(watch.key, watch)
    watch.subscribers.add(subscriber)
    watch.plans.set(subscriber.plan, (watch.plans.get(subscriber.plan) ?? 0) + 1)
    setLimit(subscriber)
    if (watch.last !== undefined) listener.onChange(watch.last)
    const { firstGap } = plan
    plan.firstGap = 0
    if (isFirst) pacer.after(watch, firstGap)
    // A look under way steps the new schedule as well, and trouble has a schedule of its own.
    else if (known === undefined && watch.trouble === undefined) pacer.sooner(watch, firstGap)
    checkLimits()
    return subscriber
  }

  const leave = (subscriber: Subscriber) => {
    const { plan, watch } = subscriber
    if (!watch.subscribers.delete(subscriber)) return
    lastLooks.remove(subscriber)
    ends.remove(subscriber)
    const others = (watch.plans.get(plan) ?? 1) - 1
    if (others > 0) watch.plans.set(plan, others)
    else watch.plans.delete(plan)
    if (watch.subscribers.size > 0) return
    watches.delete(watch.key)
    pacer.cancel(watch)
    watch.look?.interruptUnsafe()
  }

  // Takes out whoever has an ending, and gives what tells them. Who is told may wait for the same operation again at
  // once, and must not find what has ended. Must be told in the same step: with the last one, the look is interrupted.
  const takeOut = (watch: Watch, endingOf: (subscriber: Subscriber) => Ending | undefined) => {
    const ended: Array<readonly [Subscriber, Ending]> = []
    for (const subscriber of Array.from(watch.subscribers)) {
      const ending = endingOf(subscriber)
      if (ending === undefined) continue
      leave(subscriber)
      ended.push([subscriber, ending])
    }
    return () => {
      for (const [subscriber, ending] of ended) subscriber.listener.onEnd(ending, subscriber)
    }
  }

  const endAll = (watch: Watch, ending: Ending) => takeOut(watch, () => ending)()

  // Looks

  const launch = (watch: Watch) => {
    watch.lookedAt = now()
    watch.polls += 1
    Effect.runForkWith(watch.context)(look(watch)).addObserver((exit) => {
      // A defect on the way must not leave anyone waiting.
      if (Exit.isFailure(exit)) endAll(watch, Exit.failCause(exit.cause))
      checkLimits()
    })
  }

  const lookContext = (context: Context.Context<never>) => {
    const observer = Context.get(context, CloudflareApi.AnswerObserver)
    return context.pipe(
      // A wait has its own answer to trouble.
      Context.add(CloudflareApi.RequestPolicy, {
        ...Context.get(context, CloudflareApi.RequestPolicy),
        retry: undefined
      }),
      Context.add(CloudflareApi.AnswerObserver, (head) => Effect.andThen(observer(head), observe(head)))
    )
  }

  // No generators on the way of every look: they would be a quarter of what it costs.
  const look = (watch: Watch) =>
    Effect.withFiber<void>((fiber) => {
      const { accountId, operationId } = watch
      watch.look = fiber
      return Effect.matchEffect(operations.get(operationId, { accountId }), {
        onSuccess: (operation) => {
          answered(watch, operation.status)
          return seen(watch, operation)
        },
        onFailure: (error) => {
          answered(watch, error.reason._tag)
          return failed(watch, error)
        }
      })
    })

  const answered = ({ context, lookedAt }: Watch, outcome: string) => {
    Measure.look(context, outcome)
    const took = now() - lookedAt
    latency = took === 0 ? 0 : Math.min(longestLatency, Math.max(1.25 * took, 0.9 * latency) + 1)
  }

  const seen = (watch: Watch, operation: BulkOperation) => {
    const hasChanged = watch.last?.status !== operation.status
    watch.last = operation
    if (!hasChanged) return underWay(watch, operation)
    for (const { listener } of Array.from(watch.subscribers)) listener.onChange(operation)
    return Effect.andThen(
      Effect.logDebug(`Bulk operation ${watch.operationId} is ${operation.status}`),
      Effect.suspend(() =>
        isTerminal(operation)
          ? Effect.sync(() => endAll(watch, Exit.succeed(operation)))
          : underWay(watch, operation)
      )
    )
  }

  const underWay = (watch: Watch, operation: BulkOperation) => {
    if (watch.trouble !== undefined) {
      watch.trouble = undefined
      watch.subscribers.forEach(setLimit)
    }
    return Effect.map(
      step(watch, (plan) => Plan.gap(plan, scheduleTime(plan), operation)),
      (stepped) => goOn(watch, stepped.soonest, stepped)
    )
  }

  const failed = Effect.fnUntraced(function*(watch: Watch, error: CloudflareError) {
    yield* Effect.logDebug(`No answer on bulk operation ${watch.operationId}`, error)
    const at = now()
    const isFirst = watch.trouble === undefined
    const trouble = { since: watch.trouble?.since ?? at, at, error }
    watch.trouble = trouble
    const isLimited = error.reason._tag === "RateLimited"
    const floor = error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)
    if (isLimited) pacer.pause(floor)
    takeOut(watch, (subscriber) => at >= troubleLimit(trouble, subscriber) ? Exit.fail(error) : undefined)()
    watch.subscribers.forEach(setLimit)
    const stepped = yield* step(watch, (plan) => Plan.gapInTrouble(plan, scheduleTime(plan), error, isFirst))
    const gap = Math.max(stepped.soonest, floor)
    // Paced time stands still during the pause, which is the first part of the gap.
    const paused = isLimited ? pacer.pause(Number.isFinite(gap) ? gap : floor) : 0
    goOn(watch, Math.max(0, gap - paused), stepped)
  })

  // Schedules go by paced time: one that is stretched does not take the time it lost for the age of its operation, which
  // would leave it too dense when it begins. For `quadratic` a stretch is a higher `requestCost`.
  const scheduleTime = ({ lagBefore }: Plan.Plan) => clock.currentTimeMillisUnsafe() - (pacer.lag() - lagBefore)

  interface Stepped {
    readonly soonest: number
    readonly ended: ReadonlyMap<Plan.Plan, Ending>
  }

  const step = (watch: Watch, gapOf: (plan: Plan.Plan) => Effect.Effect<number | undefined>): Effect.Effect<Stepped> =>
    Effect.suspend(() => {
      let soonest = Number.POSITIVE_INFINITY
      const ended = new Map<Plan.Plan, Ending>()
      // A step may take time. Who joins meanwhile is stepped as well: a map goes on to what is added to it.
      const plans = watch.plans.keys()
      const rest = (): Effect.Effect<Stepped> => {
        const next = plans.next()
        if (next.done === true) return Effect.succeed({ soonest, ended })
        const plan = next.value
        return Effect.flatMap(Effect.exit(gapOf(plan)), (gap) => {
          if (Exit.isFailure(gap)) ended.set(plan, Exit.failCause(gap.cause))
          else if (gap.value === undefined) ended.set(plan, scheduleEnded)
          else soonest = Math.min(soonest, gap.value)
          return rest()
        })
      }
      return rest()
    })

  const goOn = (watch: Watch, gap: number, { ended }: Stepped) => {
    const tell = ended.size === 0 ? constVoid : takeOut(watch, ({ plan }) => ended.get(plan))
    watch.look = undefined
    if (watch.subscribers.size > 0) pacer.after(watch, gap)
    tell()
  }

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

  // Ending a wait ends its look, which asks for a check again. The one under way sees to all that is due: a check within
  // each check would nest as deep as there are waits.
  let isChecking = false
  const checkLimits = () => {
    if (isChecking) return
    isChecking = true
    checkLimitsOnce()
    isChecking = false
  }

  const checkLimitsOnce = () => {
    const time = now()
    for (let next = lastLooks.peek(); next !== undefined && next.at - latency <= time; next = lastLooks.peek()) {
      lastLooks.remove(next)
      ends.put(next, next.at)
      if (next.watch.look === undefined && next.watch.lookedAt !== time) pacer.urgent(next.watch, next.at)
    }
    for (let next = ends.peek(); next !== undefined && next.at <= time; next = ends.peek()) {
      // A look that began at the very end: an answer that needs no time still counts.
      if (next.watch.look !== undefined && next.watch.lookedAt === time && yields < maxYields) return checkAgain()
      yields = 0
      const trouble = troubleAtLimit(next)
      leave(next)
      next.listener.onEnd(trouble === undefined ? timedOut : Exit.fail(trouble), next)
    }
    const nextLook = lastLooks.peek()
    const nextEnd = ends.peek()
    limitAlarm.set(Math.min(nextLook ? nextLook.at - latency : Infinity, nextEnd ? nextEnd.at : Infinity))
  }

  let yields = 0
  let isYielding = false
  const checkAgain = () => {
    limitAlarm.set(now())
    if (isYielding) return
    isYielding = true
    fork(Effect.andThen(
      Effect.yieldNow,
      Effect.sync(() => {
        isYielding = false
        yields += 1
        checkLimits()
      })
    ))
  }

  const limitAlarm = Alarm.make(clock, fork, checkLimits)
  const pacer = environment.pacer(launch)

  return {
    plan,
    join,
    leave,
    clockOffset: () => clockOffset,
    size: () => watches.size + lastLooks.size() + ends.size() + pacer.size(),
    stop: () => {
      isStopped = true
      for (const watch of Array.from(watches.values())) endAll(watch, interrupted)
      pacer.stop()
      limitAlarm.stop()
    }
  }
}

const timedOut = new GaveUp("timeout")
const scheduleEnded = new GaveUp("schedule")
const interrupted = Exit.failCause(Cause.interrupt())

const keyOf = (accountId: string | undefined, operationId: string) => JSON.stringify([accountId, operationId])

const watchFor = ({ accountId, operationId }: Request, context: Context.Context<never>): Watch => ({
  key: keyOf(accountId, operationId),
  operationId,
  accountId,
  context,
  subscribers: new Set(),
  plans: new Map(),
  polls: 0,
  last: undefined,
  trouble: undefined,
  look: undefined,
  lookedAt: Number.NEGATIVE_INFINITY,
  at: 0,
  order: 0,
  slot: -1
})

const planLike = (watch: Watch, { schedule, troubleSchedule }: Request) => {
  for (const plan of watch.plans.keys()) {
    if (plan.schedule === schedule && plan.troubleSchedule === troubleSchedule) return plan
  }
  return undefined
}
