/**
 * The schedules of a wait, being stepped.
 */
import { type BulkOperation, OperationId, Pending } from "@bulk-operations/core/BulkOperation"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type { Options } from "../PollOptions.ts"

type Step<Input> = (now: number, input: Input) => Pull.Pull<[unknown, Duration.Duration], never, unknown>

/** The schedules of the waits for one operation that have the same ones. */
export interface Plan {
  readonly schedule: Options["schedule"]
  readonly troubleSchedule: Options["troubleSchedule"]
  /** Milliseconds to the first look; none once it has been arranged. */
  firstGap: number
  /** How long paced time had stood still when the schedules began. */
  readonly lagBefore: number
  readonly step: Step<BulkOperation>
  /** Of the present spell of trouble, or of the last one. */
  stepInTrouble: Step<CloudflareError> | undefined
}

// A schedule without delays, or one that is ages behind, must not spin.
const shortestGap = 1
const maxStepsToCatchUp = 10_000

const neverSeen = Pending.make({ id: OperationId.make("never-seen") })

const millis = <Input>(step: Step<Input>, now: number, input: Input): Effect.Effect<number | undefined> =>
  Effect.suspend(() => step(now, input)).pipe(
    Effect.map(([, delay]) => Math.max(shortestGap, Duration.toMillis(delay))),
    Pull.catchDone(() => Effect.undefined)
  )

/**
 * Begins the schedules, for an operation that was started at `startedAt` (of the wall clock), as far as is known.
 *
 * A schedule counts from there: it is stepped through the looks that a wait from the beginning would have made. Where
 * there would have been one, the first look is due now; else it is after the first gap.
 */
export const make = Effect.fnUntraced(function*(
  { schedule, troubleSchedule }: Pick<Options, "schedule" | "troubleSchedule">,
  now: number,
  lagBefore: number,
  startedAt: number | undefined,
  maxSteps = maxStepsToCatchUp
): Effect.fn.Return<Plan> {
  const step = yield* Schedule.toStep(schedule)
  let firstGap = 0
  if (startedAt !== undefined) {
    let look = Math.min(startedAt, now)
    for (let steps = 0; steps < maxSteps && look <= now; steps++) {
      const gap = yield* millis(step, look, neverSeen)
      if (gap === undefined) break
      look += gap
      if (steps === 0) firstGap = Math.max(0, look - now)
    }
  }
  return { schedule, troubleSchedule, firstGap, lagBefore, step, stepInTrouble: undefined }
})

/** Milliseconds to the next look after one that saw the operation under way; `undefined` when there is none. */
export const gap = (plan: Plan, now: number, operation: BulkOperation): Effect.Effect<number | undefined> =>
  millis(plan.step, now, operation)

/**
 * Milliseconds to the next look after one that met trouble; the schedule begins anew with each spell of it. One that
 * ends leaves the rest to `tolerance`.
 */
export const gapInTrouble = Effect.fnUntraced(function*(
  plan: Plan,
  now: number,
  error: CloudflareError,
  isFirst: boolean
): Effect.fn.Return<number> {
  const known = isFirst ? undefined : plan.stepInTrouble
  const step = known ?? (yield* Schedule.toStep(plan.troubleSchedule))
  plan.stepInTrouble = step
  return (yield* millis(step, now, error)) ?? Number.POSITIVE_INFINITY
})
