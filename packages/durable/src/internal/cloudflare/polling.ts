/** The steps of a wait: beginning it, and polling once. `Wait` decides what a poll means. */
import { OperationId, Running } from "@bulk-operations/core/BulkOperation"
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as RequestBudget from "@bulk-operations/core/RequestBudget"
import type { Options } from "@bulk-operations/poll/PollOptions"
import * as PollSchedule from "@bulk-operations/poll/PollSchedule"
import * as Wait from "@bulk-operations/poll/Wait"
import { BulkOperationFailed, PollTimeout } from "@bulk-operations/poll/WaitError"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Journal from "./journal.ts"

/** What to wait for, and how. */
export interface Request extends Pick<Options, "schedule" | "transientSchedule"> {
  readonly operationId: string
  readonly accountId: string | undefined
  readonly startedAt: DateTime.DateTime | undefined
  /** The wait as if it began at time zero. */
  readonly fromZero: Wait.Wait
}

/** Begins a wait, and returns when to poll first. */
export const begin = Effect.fnUntraced(function*({ fromZero, operationId, schedule, startedAt }: Request) {
  const now = yield* Clock.currentTimeMillis
  const wait: Wait.Wait = { ...fromZero, startedAt: now, deadline: now + fromZero.deadline }
  const first = yield* PollSchedule.firstPoll(schedule, { operationId, startedAt, now: DateTime.makeUnsafe(now) })
  const lastAt = wait.deadline - unknownLead
  const pollAt = Math.min(DateTime.toEpochMillis(first.at), Math.max(now, lastAt))
  const started = startedAt && DateTime.toEpochMillis(startedAt)
  const state: Journal.State = {
    version: 1,
    wait,
    startedAt: started,
    origin: started && Math.min(started, now),
    gaps: first.polls,
    transientGaps: 0
  }
  return yield* Journal.goOn(state, pollAt - now)
})

/** Polls once, and returns how the wait continues, or how it ended. */
export const poll = Effect.fnUntraced(function*(request: Request, before: Journal.State) {
  const sentAt = yield* Clock.currentTimeMillis
  const due = extendIfLate(before.wait, sentAt)
  if (due._tag === "Ended") return yield* end(request, before, due, sentAt)
  const answer = yield* get(request).pipe(Effect.result, Effect.timeoutOption(Wait.limit(due.wait) - sentAt))
  const at = yield* Clock.currentTimeMillis
  if (Option.isNone(answer)) {
    const decision = Wait.expire(due.wait, Math.max(at, Wait.limit(due.wait)))
    const wait = { ...decision.wait, polls: decision.wait.polls + 1 }
    return decision._tag === "Ended"
      ? yield* end(request, before, { ...decision, wait }, at)
      : yield* Journal.goOn({ ...before, wait: decision.wait }, 0)
  }
  const decision = Wait.observe(due.wait, at, answer.value, sentAt)
  if (decision._tag === "Ended") return yield* end(request, before, decision, at)
  return yield* goOn(request, { ...before, wait: decision.wait }, sentAt, at)
})

// An instance may wake well after its last poll was due: it is extended like a suspended process. The poll has not been
// sent yet, so it is late even at the limit itself.
const extendIfLate = (wait: Wait.Wait, now: number): Wait.Decision =>
  now < Wait.limit(wait) ? { _tag: "Waiting", wait } : Wait.expire(wait, now + 1, true)

// A wait handles transient errors itself.
const get = ({ accountId, operationId }: Request) =>
  BulkOperations.use((operations) => operations.get(operationId, { accountId })).pipe(
    Effect.updateService(CloudflareApi.RequestPolicy, (policy) => ({ ...policy, retry: undefined })),
    Effect.provideService(RequestBudget.CurrentClaim, {
      priority: "poll",
      delayed: Effect.void,
      admitted: Effect.void
    })
  )

const goOn = Effect.fnUntraced(function*(request: Request, before: Journal.State, sentAt: number, at: number) {
  const { wait } = before
  const { gap, state } = yield* wait.transient === undefined
    ? stepSchedule(request, before, at)
    : stepTransient(request, before, at, wait.transient)
  if (gap === undefined) return yield* end(request, state, { _tag: "Ended", wait, ending: Wait.scheduleEnded }, at)
  if (wait.extendedTo !== undefined) return yield* Journal.goOn(state, 0)
  const limit = Wait.limit(wait)
  const lastAt = limit - lead(at - sentAt)
  const expired = Wait.expire(wait, limit)
  // This was the last poll: there is no point in sleeping until the limit.
  if (sentAt >= lastAt && expired._tag === "Ended") return yield* end(request, state, expired, at)
  const pollAt = Math.min(Wait.nextPollAt(wait, at, gap), Math.max(at, lastAt))
  return yield* Journal.goOn(state, Math.min(longestSleep, pollAt - at))
})

interface Stepped {
  readonly gap: number | undefined
  readonly state: Journal.State
}

const stepSchedule = (
  { operationId, schedule }: Request,
  before: Journal.State,
  at: number
): Effect.Effect<Stepped> => {
  const { gaps, wait: { last } } = before
  const origin = before.origin ?? at
  return gapAt(schedule, operationId, { startedAt: origin, now: at, polls: gaps, last }).pipe(
    Effect.map((gap) => ({ gap, state: { ...before, origin, gaps: gaps + 1, transientGaps: 0 } }))
  )
}

// The schedule for transient errors starts again after each success; when it has ended, only the last poll remains.
const stepTransient = (
  { operationId, transientSchedule }: Request,
  before: Journal.State,
  at: number,
  { error, since }: Wait.Transient
): Effect.Effect<Stepped> => {
  const { transientGaps, wait: { last } } = before
  const stepped = Schedule.fromStep(
    Effect.map(Schedule.toStep(transientSchedule), (step) => (now: number) => step(now, error))
  )
  return gapAt(stepped, operationId, { startedAt: since, now: at, polls: transientGaps, last }).pipe(
    Effect.map((gap) => ({
      gap: gap ?? Number.POSITIVE_INFINITY,
      state: { ...before, transientGaps: transientGaps + 1 }
    }))
  )
}

const gapAt = (
  schedule: PollSchedule.PollSchedule,
  operationId: string,
  { last, now, polls, startedAt }: {
    readonly startedAt: number
    readonly now: number
    readonly polls: number
    readonly last: Wait.Wait["last"]
  }
) =>
  PollSchedule.gapAt(schedule, {
    startedAt: DateTime.makeUnsafe(startedAt),
    now: DateTime.makeUnsafe(now),
    polls,
    operation: last ?? Running.make({ id: OperationId.make(operationId) })
  }).pipe(Effect.map((gap) => Option.getOrUndefined(Option.map(gap, Duration.toMillis))))

// How long before the limit the last poll begins, so that its answer arrives in time: three times the latency of the
// previous poll.
const lead = (took: number) => took === 0 ? 0 : Math.min(5000, Math.max(50, 3 * took))
const unknownLead = 1000

// Cloudflare's longest sleep is a year.
const longestSleep = Duration.toMillis(Duration.days(365))

const end = (
  request: Request,
  { startedAt }: Journal.State,
  { ending, wait }: Extract<Wait.Decision, { readonly _tag: "Ended" }>,
  at: number
) => Journal.end(endedOf(request, startedAt, ending, wait, at))

const endedOf = (
  { accountId, operationId }: Request,
  startedAt: number | undefined,
  ending: Wait.Ending,
  wait: Wait.Wait,
  at: number
): Journal.Ended => {
  switch (ending._tag) {
    case "Terminal": {
      const { operation } = ending
      return operation.status === "completed"
        ? Result.succeed(operation)
        : Result.fail(new BulkOperationFailed({ operation }))
    }
    case "Refused":
      return Result.fail(ending.error)
    case "TimedOut":
      return Result.fail(
        new PollTimeout({
          operationId,
          accountId,
          startedAt: DateTime.makeUnsafe(startedAt ?? wait.startedAt),
          last: Option.fromUndefinedOr(wait.last),
          polls: wait.polls,
          timeout: Duration.millis(wait.deadline - wait.startedAt),
          elapsed: Duration.millis(at - wait.startedAt),
          endedBy: ending.endedBy,
          lastError: Option.fromUndefinedOr(wait.transient?.error)
        })
      )
  }
}
