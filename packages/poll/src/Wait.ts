/**
 * What a poll's answer, or the passing of time, means for one wait: pure functions over plain data.
 *
 * These functions decide whether a wait continues or has ended. They do not send, sleep or schedule anything:
 * `BulkOperationPoller` does, and a durable workflow or a test can do so with the same decisions. The caller passes in
 * the gap to the next poll, from a live schedule or from `PollSchedule.gapAt`.
 *
 * Times are milliseconds on one clock that the caller chooses: a monotonic one within a process, epoch time if a wait
 * moves between processes.
 */
import { type BulkOperation, isTerminal, type Terminal } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Durations from "./internal/duration.ts"

/** A wait under way. */
export interface Wait {
  readonly startedAt: number
  /** Infinity if the wait has no timeout. */
  readonly deadline: number
  /** How long transient errors may last, in milliseconds. */
  readonly tolerance: number
  /** How long `NotFound` counts as transient: from the start, and whenever an operation that was found disappears. */
  readonly notFoundGrace: number
  /** How long after the start `Forbidden` and `Unauthorized` count as transient. */
  readonly forbiddenGrace: number
  /** How many polls were answered. */
  readonly polls: number
  /** The last known state of the operation. */
  readonly last: BulkOperation | undefined
  /** The transient errors since the last answer that showed the operation. */
  readonly transient: Transient | undefined
  /** How long the last poll may still be answered, if the process was suspended past the limit. */
  readonly extendedTo: number | undefined
}

/** Transient errors in a row: when they began, and the latest one. */
export interface Transient {
  readonly since: number
  readonly error: CloudflareError
}

/** The answer to a poll. */
export type Answer = Result.Result<BulkOperation, CloudflareError>

/** Why a wait ended: the operation is terminal, an error cannot be tolerated, or the timeout or the schedule ended. */
export type Ending =
  | { readonly _tag: "Terminal"; readonly operation: Terminal }
  | { readonly _tag: "Refused"; readonly error: CloudflareError }
  | { readonly _tag: "TimedOut"; readonly endedBy: "timeout" | "schedule" }

/** Whether a wait continues or has ended, and its new state. */
export type Decision =
  | { readonly _tag: "Waiting"; readonly wait: Wait }
  | { readonly _tag: "Ended"; readonly wait: Wait; readonly ending: Ending }

/**
 * A wait that begins now. Throws a `RangeError` for an invalid duration.
 *
 * @example
 * import { BulkOperation } from "@bulk-operations/core"
 * import { Wait } from "@bulk-operations/poll"
 * import { Result } from "effect"
 *
 * const begun = Wait.make({ now: 0, timeout: "10 seconds" })
 * const id = BulkOperation.OperationId.make("op-1")
 * const decision = Wait.observe(begun, 1000, Result.succeed({ id, status: "running" }))
 * decision._tag // => "Waiting"
 * Wait.nextPollAt(decision.wait, 1000, 30_000) // => 10_000
 * Wait.expire(decision.wait, 10_000)._tag // => "Ended"
 */
export const make = (options: {
  readonly now: number
  readonly timeout: Duration.Input
  /** Default zero, as for the graces. */
  readonly tolerance?: Duration.Input | undefined
  readonly notFoundGrace?: Duration.Input | undefined
  readonly forbiddenGrace?: Duration.Input | undefined
}): Wait => ({
  startedAt: options.now,
  deadline: options.now + Durations.notNegative("timeout", options.timeout),
  tolerance: Durations.notNegative("tolerance", options.tolerance ?? 0),
  notFoundGrace: Durations.notNegative("notFoundGrace", options.notFoundGrace ?? 0),
  forbiddenGrace: Durations.notNegative("forbiddenGrace", options.forbiddenGrace ?? 0),
  polls: 0,
  last: undefined,
  transient: undefined,
  extendedTo: undefined
})

/**
 * Decides about the answer to a poll, which arrived at `at`.
 *
 * `sentAt` is when the poll was sent, default `at`. If the poll was sent before the limit and answered well after it,
 * the process was suspended and the answer is stale: the wait is extended as by `expire`.
 */
export const observe = (wait: Wait, at: number, answer: Answer, sentAt = at): Decision =>
  Result.match(answer, {
    onFailure: (error) => failed(wait, at, error, sentAt),
    onSuccess: (operation) => seen(wait, at, operation, sentAt)
  })

const seen = (before: Wait, at: number, operation: BulkOperation, sentAt: number): Decision => {
  const wait: Wait = {
    ...before,
    polls: before.polls + 1,
    last: operation,
    transient: undefined,
    extendedTo: undefined
  }
  if (isTerminal(operation)) return ended(wait, { _tag: "Terminal", operation })
  return untilDeadline(wait, at, sentAt)
}

const failed = (before: Wait, at: number, error: CloudflareError, sentAt: number): Decision => {
  const since = before.transient?.since ?? at
  const wait: Wait = { ...before, polls: before.polls + 1, transient: { since, error }, extendedTo: undefined }
  if (at < toleratedUntil(wait, since, error)) return untilDeadline(wait, at, sentAt)
  // The process was suspended: otherwise the limit of the earlier errors would have ended the wait before.
  const isStale = before.transient !== undefined && sentAt < plannedLimit(wait)
  return isStale ? expire(wait, at) : ended(wait, { _tag: "Refused", error })
}

const untilDeadline = (wait: Wait, at: number, sentAt: number): Decision =>
  sentAt < wait.deadline ? expire(wait, at) : ended(wait, timedOut)

// Minus infinity for a permanent error.
const toleratedUntil = (wait: Wait, since: number, error: CloudflareError): number => {
  if (error.isRetryable) return since + wait.tolerance
  switch (error.reason._tag) {
    case "NotFound":
      return (wait.last === undefined ? wait.startedAt : since) + wait.notFoundGrace
    case "Forbidden":
    case "Unauthorized":
      return wait.startedAt + wait.forbiddenGrace
    default:
      return Number.NEGATIVE_INFINITY
  }
}

/**
 * When the wait ends if no answer comes: at its deadline, or when transient errors have lasted for too long.
 *
 * @example
 * import { Wait } from "@bulk-operations/poll"
 *
 * Wait.limit(Wait.make({ now: 1000, timeout: "10 seconds" })) // => 11_000
 */
export const limit = (wait: Wait): number => wait.extendedTo ?? plannedLimit(wait)

const plannedLimit = (wait: Wait): number =>
  wait.transient === undefined
    ? wait.deadline
    : Math.min(wait.deadline, toleratedUntil(wait, wait.transient.since, wait.transient.error))

/**
 * When to poll next after an answer at `at` and a gap in milliseconds: not before `Retry-After` has passed, and not
 * after the limit.
 */
export const nextPollAt = (wait: Wait, at: number, gap: number): number =>
  Math.min(limit(wait), at + Math.max(gap, retryAfter(wait)))

/**
 * The `Retry-After` of the last answer, in milliseconds; zero without one.
 *
 * @example
 * import { CloudflareError } from "@bulk-operations/core"
 * import { Wait } from "@bulk-operations/poll"
 * import { Duration, Result } from "effect"
 *
 * const begun = Wait.make({ now: 0, timeout: "10 minutes", tolerance: "5 minutes" })
 * const error = new CloudflareError.CloudflareError({
 *   reason: new CloudflareError.RateLimited({ method: "GET", path: "/", errors: [], retryAfter: Duration.minutes(1) })
 * })
 * const { wait } = Wait.observe(begun, 1000, Result.fail(error))
 * Wait.retryAfter(wait) // => 60_000
 */
export const retryAfter = ({ transient }: Wait): number =>
  transient?.error.retryAfter === undefined ? 0 : Duration.toMillis(transient.error.retryAfter)

/** The ending of a wait whose schedule has ended. */
export const scheduleEnded: Ending = { _tag: "TimedOut", endedBy: "schedule" }

// A timer that is later than this means that the process was suspended or its event loop blocked.
const stalled = 100

// How long a suspended process gets for its last poll past the limit.
const extension = 2000

/**
 * Decides about the time `now`, without an answer.
 *
 * A wait ends at its limit. If this is called well after the limit, or too late for the last poll, the process was
 * suspended: the wait is extended once, by two seconds from now, for a last poll.
 */
export const expire = (wait: Wait, now: number, isLastPollMissing = false): Decision => {
  const late = now - limit(wait)
  if (late < 0) return waiting(wait)
  const isStopped = late > stalled || (late > 0 && isLastPollMissing)
  if (isStopped && wait.extendedTo === undefined) return waiting({ ...wait, extendedTo: now + extension })
  const { transient } = wait
  return transient !== undefined && plannedLimit(wait) < wait.deadline
    ? ended(wait, { _tag: "Refused", error: transient.error })
    : ended(wait, timedOut)
}

const timedOut: Ending = { _tag: "TimedOut", endedBy: "timeout" }

const waiting = (wait: Wait): Decision => ({ _tag: "Waiting", wait })

const ended = (wait: Wait, ending: Ending): Decision => ({ _tag: "Ended", wait, ending })
