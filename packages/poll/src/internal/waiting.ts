/**
 * Runs one wait in the caller's fiber, and carries out the decisions of `Wait`.
 *
 * A wait sleeps until its inbox receives something: an observation of its operation, its timer, or its schedule's next
 * gap if that took time. The application's code, such as schedules and tracers, runs only in the wait's own fiber, and
 * what follows its end in a separate task, so that this code can affect only this wait.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import { CurrentHazard } from "../PollHistory.ts"
import * as Wait from "../Wait.ts"
import * as Alarm from "./alarm.ts"
import type * as Feed from "./feed.ts"
import type * as Lessons from "./lessons.ts"
import * as Limit from "./limit.ts"
import type * as Pacer from "./pacer.ts"
import type * as Poll from "./poll.ts"
import type * as Request from "./request.ts"
import * as Stepper from "./stepper.ts"
import type * as Timers from "./timers.ts"
import * as Waiter from "./waiter.ts"

export interface Environment {
  readonly clock: Clock.Clock
  readonly feeds: Feed.Feeds
  readonly pacer: Pacer.Pacer<Waiter.Turn>
  readonly timers: Timers.Timers
  readonly lessons: Lessons.Lessons
}

/** Waits until the operation is terminal or the wait has to end for another reason. */
export type Run = (request: Request.Request, span: Tracer.Span, listener: Waiter.Listener) => Effect.Effect<Ended>

/** The final state of a wait. */
export interface Ended {
  readonly ending: Waiter.Ending
  readonly wait: Wait.Wait
  /** How many polls were made for it, including one without an answer. */
  readonly polls: number
  readonly elapsed: number
}

/** Runs waits. */
export const make = ({ clock, feeds, lessons, pacer, timers }: Environment): Run => {
  const now = () => Alarm.monotonicMillis(clock)
  const limit = Limit.make({ clock, feeds, pacer, timers })

  const run: Run = (request, span, listener) =>
    Effect.suspend(() => {
      let waiter: Waiter.Waiter | undefined
      const waited = Effect.withFiber<Ended>((fiber) => {
        if (feeds.isClosed()) return Effect.interrupt
        const { accountId, operationId } = request
        waiter = Waiter.make(
          { clock, request, span, listener, context: fiber.context },
          (reader) => feeds.join(operationId, accountId, reader)
        )
        const ending = start(waiter)
        return ending === undefined ? untilEnd(waiter) : Effect.succeed(endedOf(waiter, ending))
      })
      // An interrupt may come between any two steps, so the finalizer is installed before there is anything to clean
      // up.
      return Effect.onExit(waited, () =>
        Effect.sync(() => {
          if (waiter !== undefined) leave(waiter)
        }))
    })

  // A loop without a generator, because each wait would keep one.
  const untilEnd = (waiter: Waiter.Waiter): Effect.Effect<Ended> =>
    Effect.flatMap(Waiter.signals(waiter), (signals) => {
      let isNews = false
      for (const signal of signals) {
        const ending = handle(waiter, signal)
        isNews ||= signal._tag === "Answered" || signal._tag === "Stepped" || waiter.isThrottled
        if (ending === undefined) continue
        waiter.nextPollAt = undefined
        waiter.isThrottled = false
        waiter.listener.onProgress?.(waiter, now())
        return Effect.succeed(endedOf(waiter, ending))
      }
      if (isNews) waiter.listener.onProgress?.(waiter, now())
      return untilEnd(waiter)
    })

  const handle = (waiter: Waiter.Waiter, signal: Waiter.Signal): Waiter.Ending | undefined => {
    switch (signal._tag) {
      case "Answered":
        return observed(waiter, signal)
      case "Stepped":
        return stepped(waiter, signal)
      case "Rang":
        return limit.rang(waiter)
      case "Lost":
        return lost(waiter, signal)
      case "Died":
        return signal
    }
  }

  // Joining and leaving

  const start = (waiter: Waiter.Waiter): Waiter.Ending | undefined => {
    const { feed, joinedAt, request, scheduleTime } = waiter
    if (request.startedAt !== undefined) {
      feed.origin ??= { startedAt: request.startedAt, wallTime: scheduleTime, history: request.history }
    }
    if (feed.last !== undefined) waiter.listener.onChange(feed.last.operation)
    limit.set(waiter)
    const seen = feed.last && { operation: feed.last.operation, at: scheduleTime + feed.last.at }
    const options = { startedAt: request.startedAt, now: scheduleTime + joinedAt, seen }
    return takeStep(
      waiter,
      "schedule",
      joinedAt,
      Stepper.join(request.schedule, request.operationId, options).pipe(
        Effect.provideService(CurrentHazard, lessons.hazard(request)),
        Effect.map(({ firstPollAt, step }) => {
          waiter.step = step
          return firstPollAt - options.now
        })
      )
    )
  }

  const leave = (waiter: Waiter.Waiter) => {
    const polls = Waiter.polls(waiter)
    feeds.leave(waiter.feed, waiter.reader)
    pacer.cancel(waiter.turn)
    timers.clear(waiter.timer)
    waiter.stepping?.interruptUnsafe()
    waiter.span.attribute("bulk_operation.polls", polls)
  }

  // Observations

  const observed = (waiter: Waiter.Waiter, { answer, at, sentAt }: Poll.Answered): Waiter.Ending | undefined => {
    // An error from before this wait joined does not count for it: it polls for itself.
    if (sentAt < waiter.joinedAt && Result.isFailure(answer)) return pollAgain(waiter, 0)
    const before = waiter.wait
    const decision = Wait.observe(before, at, answer, sentAt)
    waiter.wait = decision.wait
    if (Result.isSuccess(answer) && answer.success.status !== before.last?.status) {
      waiter.listener.onChange(answer.success)
    }
    if (decision._tag === "Ended") return decision.ending
    // The schedule for transient errors starts again after each success.
    if (decision.wait.transient === undefined) waiter.transientStep = undefined
    const { extendedTo } = decision.wait
    if (extendedTo !== undefined) return limit.pollLast(waiter, extendedTo)
    limit.set(waiter)
    const left = pacer.remaining(waiter.turn)
    return Waiter.isStepped(waiter, left)
      ? step(waiter, Waiter.stepsAt(waiter, at, left), answer)
      : holdBack(waiter, at)
  }

  const lost = (waiter: Waiter.Waiter, { sentAt }: Poll.Lost): undefined => {
    if (sentAt !== undefined && sentAt >= waiter.joinedAt) waiter.lost += 1
    // After new waits, which poll at once.
    return pollAgain(waiter, 1)
  }

  // For when the poll that was due has already been made and did not help.
  const pollAgain = ({ nextPollAt, turn }: Waiter.Waiter, gap: number): undefined => {
    if (nextPollAt !== undefined && !pacer.has(turn)) pacer.after(turn, gap)
  }

  // A Retry-After delays the next poll of every wait, whichever wait's poll received it.
  const holdBack = (waiter: Waiter.Waiter, at: number): undefined => {
    const { nextPollAt } = waiter
    const until = at + Wait.retryAfter(waiter.wait)
    if (nextPollAt === undefined || until <= nextPollAt) return
    waiter.gap += until - nextPollAt
    waiter.heldFor += until - nextPollAt
    pollNext(waiter, until)
  }

  const step = (waiter: Waiter.Waiter, at: number, answer: Wait.Answer) => {
    const time = waiter.scheduleTime + at
    if (Result.isSuccess(answer)) {
      const { step } = waiter
      return step === undefined ? undefined : takeStep(waiter, "schedule", at, step(time, answer.success))
    }
    const known = waiter.transientStep
    const begun = known === undefined
      ? Effect.tap(
        Stepper.begin(waiter.request.transientSchedule, waiter.request.operationId),
        (step) => Effect.sync(() => waiter.transientStep = step)
      )
      : Effect.succeed(known)
    return takeStep(waiter, "transient", at, Effect.flatMap(begun, (step) => step(time, answer.failure)))
  }

  // Schedules are the application's code: they may take time, even for ever, and the wait continues meanwhile.
  const takeStep = (
    waiter: Waiter.Waiter,
    of: Waiter.Stepped["of"],
    at: number,
    step: Effect.Effect<number | undefined>
  ): Waiter.Ending | undefined => {
    const fiber = Effect.runForkWith(waiter.context)(step)
    const gap = fiber.pollUnsafe()
    if (gap !== undefined) return stepped(waiter, { _tag: "Stepped", of, at, gap })
    waiter.nextPollAt = undefined
    waiter.stepping = fiber
    fiber.addObserver((gap) => {
      waiter.stepping = undefined
      waiter.receive({ _tag: "Stepped", of, at, gap })
    })
    return undefined
  }

  const stepped = (waiter: Waiter.Waiter, { at, gap: exit, of }: Waiter.Stepped): Waiter.Ending | undefined => {
    if (Exit.isFailure(exit)) return { _tag: "Died", cause: exit.cause }
    if (exit.value === undefined && of === "schedule") return ended(waiter, at)
    const gap = exit.value ?? Number.POSITIVE_INFINITY
    waiter.gap = Math.max(gap, Wait.retryAfter(waiter.wait))
    waiter.gapOf = of
    waiter.heldFor = 0
    // Only the first poll is sent at once.
    return pollNext(waiter, at + waiter.gap, gap === 0 ? 0 : 1)
  }

  // If the schedule was stepped early, the poll at the end of its last gap is still due.
  const ended = (waiter: Waiter.Waiter, at: number): Waiter.Ending | undefined => {
    if (at <= now()) return Wait.scheduleEnded
    waiter.step = Stepper.ended
    return pollNext(waiter, at)
  }

  const pollNext = (waiter: Waiter.Waiter, pollAt: number, soonest = 1): undefined => {
    waiter.nextPollAt = pollAt
    waiter.isThrottled = false
    pacer.after(waiter.turn, Math.max(soonest, pollAt - now()))
    limit.watch(waiter)
  }

  const endedOf = (waiter: Waiter.Waiter, ending: Waiter.Ending): Ended => ({
    ending,
    wait: waiter.wait,
    polls: Waiter.polls(waiter),
    elapsed: now() - waiter.joinedAt
  })

  return run
}
