/** The state of a wait under way: its data, its places in the queues, and the inbox that it sleeps on. */
import type { BulkOperation } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import * as Wait from "../Wait.ts"
import * as Alarm from "./alarm.ts"
import type * as Feed from "./feed.ts"
import type * as Pacer from "./pacer.ts"
import type * as Poll from "./poll.ts"
import type * as Request from "./request.ts"
import type * as Stepper from "./stepper.ts"
import type * as Timers from "./timers.ts"

/** Is notified of the progress of a wait, immediately and in the caller's fiber. */
export interface Listener {
  readonly onChange: (operation: BulkOperation) => void
  readonly onProgress?: ((waiter: Waiter, now: number) => void) | undefined
}

/** A place in the queue of polls. */
export interface Turn extends Pacer.Place {
  readonly feed: Feed.Feed
}

/** What a wait receives: an observation, its schedule's next gap if that took time, or its timer. */
export type Signal = Poll.Observation | Stepped | { readonly _tag: "Rang" }

/** The schedule's next gap, counted from `at`; undefined if it has ended. */
export interface Stepped {
  readonly _tag: "Stepped"
  readonly at: number
  readonly of: "schedule" | "transient"
  readonly gap: Exit.Exit<number | undefined>
}

/** A wait under way. Times are those of `Alarm.monotonicMillis`. */
export interface Waiter {
  readonly request: Request.Request
  readonly span: Tracer.Span
  readonly listener: Listener
  /** The context of its schedules. */
  readonly context: Context.Context<never>
  readonly feed: Feed.Feed
  readonly reader: Feed.Reader
  readonly turn: Turn
  readonly timer: Timers.Timed
  readonly receive: (signal: Signal) => void
  readonly joinedAt: number
  /** What to add to a time to get wall-clock time for the schedules; fixed when the wait begins. */
  readonly scheduleTime: number
  /** Signals that the wait has not handled yet. */
  inbox: Array<Signal>
  /** Wakes the wait while it sleeps. */
  wake: (() => void) | undefined
  wait: Wait.Wait
  /** How many polls were abandoned without an answer. */
  lost: number
  /** When its next poll is due, once its schedule has decided. */
  nextPollAt: number | undefined
  /** Whether that time has passed and the poll is still in the queue. */
  isThrottled: boolean
  /** The gap until then, and which schedule asked for it. */
  gap: number
  gapOf: Stepped["of"]
  /** How much of it was added by a Retry-After in the answer to another wait's poll. */
  heldFor: number
  step: Stepper.Step<BulkOperation> | undefined
  transientStep: Stepper.Step<CloudflareError> | undefined
  /** The schedule's step under way. */
  stepping: Fiber.Fiber<unknown> | undefined
  /** When its timer rings. */
  ringsAt: number
  /** The limit that the last poll was sent for. */
  lastPollFor: number | undefined
}

/** How a wait ended; with a cause if its schedule or the poll died. */
export type Ending = Wait.Ending | { readonly _tag: "Died"; readonly cause: Cause.Cause<never> }

/** Subscribes to a feed. */
export const make = (
  options: Pick<Waiter, "request" | "span" | "listener" | "context"> & { readonly clock: Clock.Clock },
  join: (reader: Feed.Reader) => Feed.Feed
): Waiter => {
  const { clock, context, listener, request, span } = options
  const receive = (signal: Signal) => {
    waiter.inbox.push(signal)
    const { wake } = waiter
    waiter.wake = undefined
    wake?.()
  }
  const reader: Feed.Reader = { span, receive }
  const feed = join(reader)
  const joinedAt = Alarm.monotonicMillis(clock)
  const waiter: Waiter = {
    request,
    span,
    listener,
    context,
    feed,
    reader,
    turn: { feed, at: 0, order: 0, slot: -1, dueAt: 0 },
    timer: { ring: () => receive({ _tag: "Rang" }), at: 0, order: 0, slot: -1 },
    receive,
    joinedAt,
    scheduleTime: clock.currentTimeMillisUnsafe() - joinedAt,
    inbox: [],
    wake: undefined,
    wait: { ...Wait.make({ ...request, now: joinedAt }), last: feed.last?.operation },
    lost: 0,
    nextPollAt: undefined,
    isThrottled: false,
    gap: 0,
    gapOf: "schedule",
    heldFor: 0,
    step: undefined,
    transientStep: undefined,
    stepping: undefined,
    ringsAt: Number.POSITIVE_INFINITY,
    lastPollFor: undefined
  }
  return waiter
}

/** The signals since the last call; sleeps until there are any. */
export const signals = (waiter: Waiter): Effect.Effect<ReadonlyArray<Signal>> =>
  Effect.callback((resume) => {
    const take = () => {
      const { inbox } = waiter
      waiter.inbox = []
      resume(Effect.succeed(inbox))
    }
    if (waiter.inbox.length > 0) take()
    else waiter.wake = take
  })

/** How many polls were made for it, including those sent but not answered. */
export const polls = ({ feed, joinedAt, lost, wait }: Waiter): number =>
  wait.polls + lost + (feed.poll !== undefined && feed.isSent && feed.sentAt >= joinedAt ? 1 : 0)

/** Whether the last poll before the limit is still to be sent. A poll delayed by the request budget may be too late. */
export const isLastPollMissing = ({ feed, lastPollFor }: Waiter, limit: number, lastAt: number): boolean =>
  lastPollFor !== limit && !(feed.poll !== undefined && feed.isSent) && feed.sentAt < lastAt

/**
 * Whether an observation steps the schedule, with `left` milliseconds until the wait's next poll. The answer to another
 * wait's poll does so only in the second half of the current gap.
 */
export const isStepped = (waiter: Waiter, left: number): boolean =>
  waiter.nextPollAt !== undefined && (isRecovered(waiter) || left <= waiter.gap / 2)

/**
 * The time that a schedule is stepped at: the answer to another wait's poll replaces the poll at the end of the gap. So
 * the schedule is stepped at its own times, however many others wait, and keeps its total duration.
 */
export const stepsAt = (waiter: Waiter, at: number, left: number): number =>
  isRecovered(waiter) ? at : at + Math.max(0, left - waiter.heldFor)

// The gap was for transient errors, which have passed.
const isRecovered = ({ gapOf, wait }: Waiter) => gapOf === "transient" && wait.transient === undefined
