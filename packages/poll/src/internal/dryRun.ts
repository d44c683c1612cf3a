/**
 * A schedule on virtual time: which polls it would make of an operation, and which of them sees the end.
 *
 * All times are milliseconds since the operation was started.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

/** A schedule as it ran. */
export interface Run {
  /** Every poll from the start to the first one that is not before the end. */
  readonly polls: ReadonlyArray<number>
  /** The last gap: infinite where the schedule has ended. */
  readonly gap: number
  /** What the schedule gave out with its last gap. */
  readonly output: unknown
}

// After so many polls, the last gap is taken to stay: no schedule worth explaining still changes then.
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

/** How many polls it takes until an end at `end` or before is seen, and how long the gap is that it falls into. */
export const detection = ({ gap, polls }: Run, end: number): { readonly polls: number; readonly gap: number } => {
  const seenBy = polls.findIndex((poll) => poll >= end)
  return seenBy !== -1
    ? { polls: seenBy + 1, gap: (polls[seenBy] ?? 0) - (polls[seenBy - 1] ?? 0) }
    : { polls: polls.length + (Number.isFinite(gap) ? Math.ceil((end - (polls.at(-1) ?? 0)) / gap) : 0), gap }
}
