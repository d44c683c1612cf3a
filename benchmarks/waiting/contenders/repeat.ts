/**
 * What people write by hand in Effect: a fiber for each wait, `Effect.repeat` with a schedule, `Effect.timeout`.
 */
import { Effect, Schedule } from "effect"
import type { MakeWaits } from "../operations.ts"

export const make: MakeWaits = ({ intervalMillis, operations }) =>
  Promise.resolve((operationId, onEnd) => {
    Effect.runFork(
      Effect.sync(() => operations.poll(operationId)).pipe(
        Effect.repeat({
          schedule: Schedule.spaced(intervalMillis),
          until: ({ status }) => status === "completed" || status === "failed"
        }),
        Effect.timeout("1 hour"),
        Effect.andThen(Effect.sync(onEnd))
      )
    )
  })
