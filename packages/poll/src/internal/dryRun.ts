/**
 * Runs a schedule on virtual time: which polls it would make, and which of them would detect the end.
 *
 * All times are milliseconds since the operation was started.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

/** The result of a run. */
export interface Run {
  /** Every poll from the start to the first one that is not before the end. */
  readonly polls: ReadonlyArray<number>
  /** The last gap: infinite if the schedule has ended. */
  readonly gap: number
  /** The schedule's output with its last gap. */
  readonly output: unknown
}

// After this many polls, the last gap is assumed to stay: no useful schedule still changes then.
const maxSteps = 5000

const underWay = BulkOperation.Running.make({ id: BulkOperation.OperationId.make("explain") })

/** Runs a schedule for an operation that ends at `end`. */
export const run = Effect.fnUntraced(function*(
  schedule: Schedule.Schedule<unknown, BulkOperation.BulkOperation>,
  end: number
): Effect.fn.Return<Run> {
  const step = yield* Schedule.toStep(schedule)
  const polls = [0]
  let now = 0
  let gap = 0
  let output: unknown
  while (now < end && polls.length <= maxSteps) {
    gap = yield* step(now, underWay).pipe(
      Effect.map(([given, delay]) => {
        output = given
        return Math.max(1, Duration.toMillis(delay))
      }),
      Pull.catchDone(() => Effect.succeed(Number.POSITIVE_INFINITY))
    )
    now += gap
    if (now < Number.POSITIVE_INFINITY) polls.push(now)
  }
  return { polls, gap, output }
})

/** How many polls it takes to detect an end at `end`, and how long the gap around that time is. */
export const detection = ({ gap, polls }: Run, end: number): { readonly polls: number; readonly gap: number } => {
  const seenBy = polls.findIndex((poll) => poll >= end)
  return seenBy !== -1
    ? { polls: seenBy + 1, gap: (polls[seenBy] ?? 0) - (polls[seenBy - 1] ?? 0) }
    : { polls: polls.length + (Number.isFinite(gap) ? Math.ceil((end - (polls.at(-1) ?? 0)) / gap) : 0), gap }
}
