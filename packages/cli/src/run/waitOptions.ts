/** Wait options from flags. */
import type { PartialOptions } from "@bulk-operations/poll/PollOptions"
import * as PollSchedule from "@bulk-operations/poll/PollSchedule"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as DurationText from "../DurationText.ts"
import { UsageError } from "../Failure.ts"

export interface WaitingFlags {
  readonly timeout: Option.Option<Duration.Duration>
  readonly requestCost: Option.Option<Duration.Duration>
  readonly every: Option.Option<Duration.Duration>
  readonly history: Option.Option<string>
}

/** The schedule of the flags, if any. */
export const schedule = ({ every, history, requestCost }: Omit<WaitingFlags, "timeout">) =>
  Option.isSome(every) && Option.isSome(requestCost)
    ? Effect.fail(new UsageError({ message: "--every and --request-cost exclude each other: pass one of them." }))
    : Effect.succeed<PollSchedule.PollSchedule | undefined>(
      Option.isSome(every)
        ? PollSchedule.spaced(every.value)
        : Option.isSome(history)
        ? PollSchedule.learned({ requestCost: Option.getOrUndefined(requestCost) })
        : Option.isSome(requestCost)
        ? PollSchedule.quadratic({ requestCost: requestCost.value })
        : undefined
    )

export const of = Effect.fnUntraced(function*(flags: WaitingFlags): Effect.fn.Return<PartialOptions, UsageError> {
  return { schedule: yield* schedule(flags), timeout: Option.getOrUndefined(flags.timeout) }
})

const argument = (name: string, value: Option.Option<Duration.Duration>) =>
  Option.match(value, { onNone: () => [], onSome: (value) => [`--${name}`, DurationText.asArgument(value)] })

/** The flags as arguments of a command that resumes. */
export const asArguments = (flags: WaitingFlags): ReadonlyArray<string> => {
  return [
    ...argument("timeout", flags.timeout),
    ...argument("request-cost", flags.requestCost),
    ...argument("every", flags.every),
    ...Option.match(flags.history, { onNone: () => [], onSome: (path) => ["--history", path] })
  ]
}
