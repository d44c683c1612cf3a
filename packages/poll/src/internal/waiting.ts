/**
 * One wait, carried out in the fiber of whoever waits: what `Wait` decides is done here.
 *
 * A wait sleeps until something reaches its inbox: an observation of its operation, its timer, or its schedule's next
 * gap where that took time. All code of the application that it runs, its schedule and its tracer, it runs in its own
 * fiber, and what comes after its end in a task of its own: whatever that code does, it does to this wait alone.
 */
import type { BulkOperation } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import type * as Tracer from "effect/Tracer"
import type { PollSchedule } from "../PollSchedule.ts"
import * as Wait from "../Wait.ts"
import * as Alarm from "./alarm.ts"
import type * as Feed from "./feed.ts"
import type * as Heap from "./heap.ts"
import type * as Pacer from "./pacer.ts"
import * as Stepper from "./stepper.ts"
import type * as Timers from "./timers.ts"

/** What is waited for, and how. */
export interface Request extends Omit<Parameters<typeof Wait.make>[0], "now"> {
  readonly operationId: string
  readonly accountId: string | undefined
  /** When the operation was started, in milliseconds of the epoch. */
  readonly startedAt: number | undefined
  readonly schedule: PollSchedule
  readonly transientSchedule: Schedule.Schedule<unknown, CloudflareError>
}

/** Is told what is seen, at once and in the fiber that waits. */
export interface Listener {
  readonly onChange: (operation: BulkOperation) => void
  readonly onProgress?: ((waiter: Waiter, now: number) => void) | undefined
}

/** A place in the queue of polls that are due. */
export interface Turn extends Heap.Node {
  readonly feed: Feed.Feed
}

type Signal = Feed.Observation | Stepped | { readonly _tag: "Rang" }

/** The schedule's next gap, counted from `at`; undefined where it has ended. */
interface Stepped {
  readonly _tag: "Stepped"
  readonly at: number
  readonly of: "schedule" | "transient"
  readonly gap: Exit.Exit<number | undefined>
}

/** What may be known of a wait. Times are those of `Alarm.monotonicMillis`. */
export interface Waiter {
  readonly joinedAt: number
  readonly wait: Wait.Wait
  /** When its next poll is due, once its schedule has said so. */
  readonly nextPollAt: number | undefined
  /** Whether that time is over and the poll still in the queue. */
  readonly isThrottled: boolean
}

/** What is kept of a wait. */
interface State extends Waiter {
  readonly request: Request
  readonly listener: Listener
  readonly context: Context.Context<never>
  readonly feed: Feed.Feed
  readonly reader: Feed.Reader
  readonly receive: (signal: Signal) => void
  readonly turn: Turn
  readonly timer: Timers.Timed
  /** What to add to a time for the one that schedules are stepped at: that of the wall clock, which is set no more. */
  readonly scheduleTime: number
  /** What has reached the wait and is not dealt with yet. */
  inbox: Array<Signal>
  /** Wakes the wait, while it sleeps. */
  wake: (() => void) | undefined
  wait: Wait.Wait
  nextPollAt: number | undefined
  isThrottled: boolean
  /** The gap until then, and which schedule asked for it. */
  gap: number
  gapOf: Stepped["of"]
  step: Stepper.Step<BulkOperation> | undefined
  transientStep: Stepper.Step<CloudflareError> | undefined
  /** The schedule's step under way. */
  stepping: Fiber.Fiber<unknown> | undefined
  ringsAt: number
  /** The limit that the last poll was asked for. */
  lastPollFor: number | undefined
}

/** How a wait ended; a cause where its schedule, or the poll itself, died. */
export type Ending = Wait.Ending | { readonly _tag: "Died"; readonly cause: Cause.Cause<never> }

// How long a poll that is due may stand in the queue before it is told to be throttled, in milliseconds.
const patience = 250

/** What waits stand on. */
export interface Environment {
  readonly clock: Clock.Clock
  readonly feeds: Feed.Feeds
  readonly pacer: Pacer.Pacer<Turn>
  readonly timers: Timers.Timers
}

/** Waits until the operation is terminal or the wait has to end otherwise. */
export type Run = (request: Request, span: Tracer.Span, listener: Listener) => Effect.Effect<Ended>

/** A wait that has ended, as it was. */
export interface Ended {
  readonly ending: Ending
  readonly wait: Wait.Wait
  /** How many polls were made for it, one without an answer included. */
  readonly polls: number
  readonly elapsed: number
}

/** Carries waits out. */
export const make = ({ clock, feeds, pacer, timers }: Environment): Run => {
  const now = () => Alarm.monotonicMillis(clock)

  const run: Run = (request, span, listener) =>
    Effect.withFiber<Ended>((fiber) => {
      if (feeds.isClosed()) return Effect.interrupt
      const state = join(request, span, listener, fiber)
      const begun = Effect.suspend(() => {
        const ending = start(state)
        return ending === undefined ? untilEnd(state) : Effect.succeed(endedOf(state, ending))
      })
      return Effect.onExit(begun, () => Effect.sync(() => leave(state, span)))
    })

  // A loop without a generator, of which each wait would keep one.
  const untilEnd = (state: State): Effect.Effect<Ended> =>
    Effect.flatMap(nextSignals(state), (signals) => {
      let isNews = false
      for (const signal of signals) {
        const ending = handle(state, signal)
        isNews ||= signal._tag !== "Rang" || state.isThrottled
        if (ending === undefined) continue
        state.listener.onProgress?.(state, now())
        return Effect.succeed(endedOf(state, ending))
      }
      if (isNews) state.listener.onProgress?.(state, now())
      return untilEnd(state)
    })

  const nextSignals = (state: State) =>
    Effect.callback<ReadonlyArray<Signal>>((resume) => {
      const take = () => {
        const signals = state.inbox
        state.inbox = []
        resume(Effect.succeed(signals))
      }
      if (state.inbox.length > 0) take()
      else state.wake = take
    })

  const handle = (state: State, signal: Signal): Ending | undefined => {
    switch (signal._tag) {
      case "Answered":
        return observed(state, signal)
      case "Stepped":
        return stepped(state, signal)
      case "Rang":
        return rang(state)
      case "Died":
        return signal
    }
  }

  // Joining and leaving

  const join = (
    request: Request,
    span: Tracer.Span,
    listener: Listener,
    { context }: Fiber.Fiber<unknown, unknown>
  ): State => {
    const receive = (signal: Signal) => put(state, signal)
    const reader: Feed.Reader = { span, receive }
    const feed = feeds.join(request.operationId, request.accountId, reader)
    const joinedAt = now()
    const state: State = {
      request,
      listener,
      context,
      feed,
      reader,
      receive,
      turn: { feed, at: 0, order: 0, slot: -1 },
      timer: { ring: () => receive({ _tag: "Rang" }), at: 0, order: 0, slot: -1 },
      joinedAt,
      scheduleTime: clock.currentTimeMillisUnsafe() - joinedAt,
      inbox: [],
      wake: undefined,
      wait: Wait.make({ ...request, now: joinedAt }),
      nextPollAt: undefined,
      isThrottled: false,
      gap: 0,
      gapOf: "schedule",
      step: undefined,
      transientStep: undefined,
      stepping: undefined,
      ringsAt: Number.POSITIVE_INFINITY,
      lastPollFor: undefined
    }
    return state
  }

  const put = (state: State, signal: Signal) => {
    state.inbox.push(signal)
    const { wake } = state
    state.wake = undefined
    wake?.()
  }

  const start = (state: State): Ending | undefined => {
    const { feed, joinedAt, request, scheduleTime } = state
    if (feed.last !== undefined) state.listener.onChange(feed.last.operation)
    setTimer(state)
    const seen = feed.last && { operation: feed.last.operation, at: scheduleTime + feed.last.at }
    const options = { startedAt: request.startedAt, now: scheduleTime + joinedAt, seen }
    return takeStep(
      state,
      "schedule",
      joinedAt,
      Effect.map(Stepper.join(request.schedule, request.operationId, options), ({ firstPollAt, step }) => {
        state.step = step
        return firstPollAt - options.now
      })
    )
  }

  const leave = (state: State, span: Tracer.Span) => {
    const polls = pollsOf(state)
    feeds.leave(state.feed, state.reader)
    pacer.cancel(state.turn)
    timers.clear(state.timer)
    state.stepping?.interruptUnsafe()
    span.attribute("bulk_operation.polls", polls)
  }

  // Observations

  const observed = (state: State, { answer, at, sentAt }: Feed.Answered): Ending | undefined => {
    // An error that others met before this wait began is none of its own: it polls for itself.
    if (sentAt < state.joinedAt && Result.isFailure(answer)) {
      if (state.nextPollAt !== undefined && !pacer.has(state.turn)) pacer.after(state.turn, 0)
      return undefined
    }
    const before = state.wait
    const decision = Wait.observe(before, at, answer)
    state.wait = decision.wait
    if (Result.isSuccess(answer) && answer.success.status !== before.last?.status) {
      state.listener.onChange(answer.success)
    }
    if (decision._tag === "Ended") return decision.ending
    setTimer(state)
    return isStepped(state) ? step(state, at, answer, before.transient === undefined) : undefined
  }

  // What others asked for uses up nothing of a schedule before the second half of the gap that it asked for itself.
  const isStepped = ({ gap, gapOf, nextPollAt, stepping, turn, wait }: State) => {
    if (nextPollAt === undefined || stepping !== undefined) return false
    if (gapOf === "transient" && wait.transient === undefined) return true
    return pacer.remaining(turn) <= gap / 2
  }

  const step = (state: State, at: number, answer: Wait.Answer, isFirstError: boolean) => {
    const time = state.scheduleTime + at
    if (Result.isSuccess(answer)) {
      const { step } = state
      return step === undefined ? undefined : takeStep(state, "schedule", at, step(time, answer.success))
    }
    const known = isFirstError ? undefined : state.transientStep
    const begun = known === undefined
      ? Effect.tap(
        Stepper.begin(state.request.transientSchedule, state.request.operationId),
        (step) => Effect.sync(() => state.transientStep = step)
      )
      : Effect.succeed(known)
    return takeStep(state, "transient", at, Effect.flatMap(begun, (step) => step(time, answer.failure)))
  }

  // Schedules are the application's: they may take time, or for ever, and the wait goes on meanwhile.
  const takeStep = (
    state: State,
    of: Stepped["of"],
    at: number,
    step: Effect.Effect<number | undefined>
  ): Ending | undefined => {
    const fiber = Effect.runForkWith(state.context)(step)
    const gap = fiber.pollUnsafe()
    if (gap !== undefined) return stepped(state, { _tag: "Stepped", of, at, gap })
    state.nextPollAt = undefined
    state.stepping = fiber
    fiber.addObserver((gap) => {
      state.stepping = undefined
      state.receive({ _tag: "Stepped", of, at, gap })
    })
    return undefined
  }

  const stepped = (state: State, { at, gap: exit, of }: Stepped): Ending | undefined => {
    if (Exit.isFailure(exit)) return { _tag: "Died", cause: exit.cause }
    if (exit.value === undefined && of === "schedule") return Wait.scheduleEnded
    const gap = exit.value ?? Number.POSITIVE_INFINITY
    state.gap = Math.max(gap, Wait.retryAfter(state.wait))
    state.gapOf = of
    const pollAt = at + state.gap
    state.nextPollAt = pollAt
    state.isThrottled = false
    // Only the first poll is made at once.
    pacer.after(state.turn, Math.max(gap === 0 ? 0 : 1, pollAt - now()))
    if (state.listener.onProgress !== undefined) ringBy(state, pollAt + patience)
    return undefined
  }

  // The timer: first for the last poll, then for the limit

  const setTimer = (state: State) => {
    const limit = Wait.limit(state.wait)
    ringBy(state, state.lastPollFor === limit ? limit : lastPollAt(state))
  }

  const lastPollAt = ({ feed, wait }: State) => Wait.limit(wait) - feeds.lead(feed)

  const ringBy = (state: State, at: number): undefined => {
    if (at >= state.ringsAt) return
    state.ringsAt = at
    timers.set(state.timer, at)
  }

  const rang = (state: State): Ending | undefined => {
    const { feed, wait } = state
    const time = now()
    const limit = Wait.limit(wait)
    state.ringsAt = Number.POSITIVE_INFINITY
    state.isThrottled = pacer.has(state.turn) && time >= (state.nextPollAt ?? Infinity) + patience
    if (state.lastPollFor !== limit) {
      const at = lastPollAt(state)
      if (time < at) return ringBy(state, at)
      if (time <= limit && feed.poll === undefined && feed.sentAt < at) return pollLast(state, limit)
    }
    // What was sent at the very end may still be answered by an answer that takes no time.
    const end = feed.poll === undefined ? limit : Math.max(limit, feed.sentAt + 1)
    if (time < end) return ringBy(state, end)
    const decision = Wait.expire(wait, time)
    if (decision._tag === "Ended") return decision.ending
    state.wait = decision.wait
    return pollLast(state, Wait.limit(decision.wait))
  }

  const pollLast = (state: State, limit: number): undefined => {
    state.lastPollFor = limit
    pacer.urgent(state.turn, limit)
    ringBy(state, Math.max(limit, now() + 1))
  }

  // One that was sent and not answered is one as well.
  const pollsOf = ({ feed, joinedAt, wait }: State) =>
    wait.polls + (feed.poll !== undefined && feed.sentAt >= joinedAt ? 1 : 0)

  const endedOf = (state: State, ending: Ending): Ended => ({
    ending,
    wait: state.wait,
    polls: pollsOf(state),
    elapsed: now() - state.joinedAt
  })

  return run
}
