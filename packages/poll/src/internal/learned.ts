/** The schedule that learns from past durations. */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { CurrentHazard } from "../PollHistory.ts"
import * as Durations from "./duration.ts"
import * as Hazard from "./hazard.ts"

/**
 * The output of `learned` with each gap.
 *
 * @example
 * import { PollSchedule } from "@bulk-operations/poll"
 * import { Effect, Schedule } from "effect"
 *
 * // Logs in each wait from how many operations its gaps were learned.
 * export const schedule = PollSchedule.learned().pipe(
 *   Schedule.tap(({ output }: { readonly output: PollSchedule.Learning }) =>
 *     Effect.logDebug(`gap ${output.polls}, learned from ${output.operations} operations`)
 *   )
 * )
 */
export class Learning extends Data.Class<{
  /** How many gaps there were before it. */
  readonly polls: number
  /** How many operations it was learned from; with none the gap is that of `quadratic`. */
  readonly operations: number
}> {}

/**
 * Polls when the operation is likely to have ended, judging by past durations. If operations take similar times, this
 * needs fewer requests and detects the end earlier.
 *
 * The next poll is due when the lateness expected since the last one is worth a request (`requestCost`, default 250
 * milliseconds). Without a history the gaps are those of `quadratic`, and no gap is ever longer than six of those. An
 * operation that takes far longer or shorter than earlier ones costs more than with `quadratic`; the schedule adapts
 * after a few such operations.
 *
 * The history comes from `PollHistory.CurrentHazard`: a poller provides it to each wait, by the wait's account,
 * `history` and `expected`. Age counts from the start of the operation, so `learned` helps most if the wait knows
 * `startedAt`.
 *
 * @example
 * import { PollHistory, PollSchedule } from "@bulk-operations/poll"
 * import { DateTime, Duration, Effect } from "effect"
 *
 * const minute = (n: number) => DateTime.makeUnsafe(n * 60_000)
 * let history = PollHistory.empty
 * for (let run = 0; run < 10; run++) {
 *   history = PollHistory.record(history, { startedAt: minute(60 * run), completed: minute(60 * run + 2), seenAt: minute(60 * run + 3) })
 * }
 *
 * const [row] = await Effect.runPromise(
 *   PollSchedule.explain(PollSchedule.learned(), ["2 minutes"]).pipe(
 *     Effect.provideService(PollHistory.CurrentHazard, Effect.succeed(PollHistory.hazard(history)))
 *   )
 * )
 * row?.operations // => 10
 */
export const learned = (
  options?: { readonly requestCost?: Duration.Input | undefined }
): Schedule.Schedule<Learning> => {
  const cost = Durations.requestCost(options?.requestCost)
  return Schedule.fromStep(
    Effect.map(Effect.all([Random.next, CurrentHazard]), ([phase, current]) => {
      let start: number | undefined
      let polls = 0
      return (now: number) =>
        Effect.map(current, (hazard) => {
          start ??= now
          const age = Math.max(0, now - start)
          const next = Hazard.nextPoll(hazard, { age, cost, phase, isFirst: polls === 0 })
          const learning = new Learning({ polls: polls++, operations: hazard.operations })
          return [learning, Duration.millis(Math.max(1, Math.round(next - age)))]
        })
    })
  )
}
