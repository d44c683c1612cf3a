/**
 * What is known of an operation that somebody waits for, and who waits for it.
 */
import type { BulkOperation, Terminal } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Options } from "../PollOptions.ts"
import type * as Heap from "./heap.ts"
import type * as Plan from "./plan.ts"

/** A subscriber's time was up, or its schedule ended, before the operation did. */
export class GaveUp {
  readonly _tag = "GaveUp"
}

/** Someone who waits. Times are milliseconds of `Alarm.monotonicMillis`. */
export interface Subscriber extends Heap.Node {
  readonly options: Options
  readonly since: number
  readonly deadline: number
  readonly watch: Watch
  readonly plan: Plan.Plan
  /** How many looks the watch had made before. */
  readonly pollsBefore: number
  readonly listener: Listener
}

/** What a subscriber is told. */
export interface Listener {
  readonly onChange: (operation: BulkOperation) => void
  readonly onEnd: (exit: Exit.Exit<Terminal, CloudflareError | GaveUp>) => void
}

/** Looks that failed, since the first of them in a row. */
export interface Trouble {
  readonly since: number
  readonly error: CloudflareError
}

/** One operation, watched for all its subscribers. */
export interface Watch extends Heap.Node {
  readonly key: string
  readonly operationId: string
  readonly accountId: string | undefined
  /** What its looks run in: the context of the first subscriber. */
  readonly context: Context.Context<never>
  readonly subscribers: Set<Subscriber>
  /** The different schedules of the subscribers. */
  readonly plans: Array<Plan.Plan>
  polls: number
  last: BulkOperation | undefined
  trouble: Trouble | undefined
  look: Fiber.Fiber<unknown, unknown> | undefined
  lookedAt: number
}

/** Until when the subscriber bears the trouble of its watch; minus infinity for trouble that cannot pass. */
export const troubleLimit = ({ error, since }: Trouble, { options, since: began }: Subscriber): number =>
  error.isRetryable
    ? since + Duration.toMillis(Duration.fromInputUnsafe(options.tolerance))
    : error.reason._tag === "NotFound"
    ? began + Duration.toMillis(Duration.fromInputUnsafe(options.notFoundGrace))
    : Number.NEGATIVE_INFINITY

/** When the subscriber's last look is due and its wait is over: at its deadline, or when trouble has lasted too long. */
export const limit = (subscriber: Subscriber): number => {
  const { trouble } = subscriber.watch
  return trouble === undefined ? subscriber.deadline : Math.min(subscriber.deadline, troubleLimit(trouble, subscriber))
}

/** Why the subscriber's wait is over at its limit: the trouble, where that and not the deadline sets it. */
export const troubleAtLimit = (subscriber: Subscriber): CloudflareError | undefined =>
  limit(subscriber) < subscriber.deadline ? subscriber.watch.trouble?.error : undefined
