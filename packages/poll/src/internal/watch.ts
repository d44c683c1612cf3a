/**
 * What is known of an operation that somebody waits for, and who waits for it.
 */
import type { BulkOperation, Terminal } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Heap from "./heap.ts"
import type * as Plan from "./plan.ts"

/** A subscriber's time was up, or its schedule ended, before the operation did. */
export class GaveUp {
  readonly _tag = "GaveUp"
  readonly endedBy: "timeout" | "schedule"
  constructor(endedBy: "timeout" | "schedule") {
    this.endedBy = endedBy
  }
}

/** How a subscription ends. */
export type Ending = Exit.Exit<Terminal, CloudflareError> | GaveUp

/** Someone who waits. Times are milliseconds of `Alarm.monotonicMillis`. */
export interface Subscriber extends Heap.Node {
  readonly since: number
  readonly deadline: number
  /** For how many milliseconds it bears trouble that may pass. */
  readonly tolerance: number
  /** Until when it bears `NotFound`. */
  readonly graceEnd: number
  readonly watch: Watch
  readonly plan: Plan.Plan
  /** How many looks the watch had made before. */
  readonly pollsBefore: number
  readonly listener: Listener
}

/** What a subscriber is told. */
export interface Listener {
  readonly onChange: (operation: BulkOperation) => void
  readonly onEnd: (ending: Ending, subscriber: Subscriber) => void
}

/** Looks that failed, from the first of them in a row to the last. */
export interface Trouble {
  readonly since: number
  readonly at: number
  readonly error: CloudflareError
}

/** One operation, watched for all its subscribers. */
export interface Watch extends Heap.Node {
  readonly key: string
  readonly operationId: string
  readonly accountId: string | undefined
  /** What its looks run in: the context of the first subscriber, with what a look adds to it. */
  readonly context: Context.Context<never>
  readonly subscribers: Set<Subscriber>
  /** The different schedules of the subscribers, and how many follow each. */
  readonly plans: Map<Plan.Plan, number>
  polls: number
  last: BulkOperation | undefined
  trouble: Trouble | undefined
  /** The look under way, until its answer has been dealt with. */
  look: Fiber.Fiber<unknown, unknown> | undefined
  lookedAt: number
}

/** Until when the subscriber bears the trouble of its watch; minus infinity for trouble that cannot pass. */
export const troubleLimit = ({ at, error, since }: Trouble, subscriber: Subscriber): number =>
  error.isRetryable
    ? Math.max(since, subscriber.since) + subscriber.tolerance
    : error.reason._tag !== "NotFound"
    ? Number.NEGATIVE_INFINITY
    // Who came after it has not met it: by the next look the operation may be known.
    : at < subscriber.since
    ? Number.POSITIVE_INFINITY
    : subscriber.graceEnd

/** When the subscriber's last look is due and its wait is over: at its deadline, or when trouble has lasted too long. */
export const limit = (subscriber: Subscriber): number => {
  const { trouble } = subscriber.watch
  return trouble === undefined ? subscriber.deadline : Math.min(subscriber.deadline, troubleLimit(trouble, subscriber))
}

/** Why the subscriber's wait is over at its limit: the trouble, where that and not the deadline sets it. */
export const troubleAtLimit = (subscriber: Subscriber): CloudflareError | undefined =>
  limit(subscriber) < subscriber.deadline ? subscriber.watch.trouble?.error : undefined
