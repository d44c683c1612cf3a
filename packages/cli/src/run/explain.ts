/**
 * Carries out `explain`.
 */
import * as PollHistory from "@bulk-operations/poll/PollHistory"
import * as PollSchedule from "@bulk-operations/poll/PollSchedule"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ExplainFlags } from "../commands/explain.ts"
import * as DurationText from "../DurationText.ts"
import { Output } from "../Output.ts"
import type { SharedFlags } from "../root.ts"
import * as History from "./history.ts"
import * as WaitOptions from "./waitOptions.ts"

const usual = ["5 seconds", "30 seconds", "2 minutes", "10 minutes", "1 hour"].map((text) => DurationText.parse(text))
  .flatMap(Option.toArray)

const finite = (duration: Duration.Duration) => Duration.toMillis(duration) < Number.POSITIVE_INFINITY

const widths = [8, 6, 10, 10]
const line = (cells: ReadonlyArray<string>) => cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(" ")

const printRow = Effect.fnUntraced(function*(row: PollSchedule.Explanation) {
  const late = (duration: Duration.Duration) => finite(duration) ? DurationText.format(duration) : "never seen"
  const cells = [
    DurationText.format(row.duration),
    row.polls.toFixed(0),
    late(row.meanLateness),
    late(row.worstLateness)
  ]
  yield* (yield* Output).result(line(cells), {
    type: "explanation",
    durationSeconds: DurationText.seconds(row.duration),
    polls: row.polls,
    ...(finite(row.meanLateness) && { meanLatenessSeconds: DurationText.seconds(row.meanLateness) }),
    ...(finite(row.worstLateness) && { worstLatenessSeconds: DurationText.seconds(row.worstLateness) }),
    operations: row.operations
  })
})

// The history of the account, or of all accounts if none is given.
const historyOf = Effect.fnUntraced(function*(shared: SharedFlags, path: string) {
  const account = Option.getOrUndefined(
    Option.isSome(shared.account) ? shared.account : yield* Config.option(Config.String("CLOUDFLARE_ACCOUNT_ID"))
  )
  const entries = Object.entries(yield* History.read(path))
  return entries.filter(([key]) => account === undefined || key.split("/").includes(account))
    .reduce((all, [, history]) => PollHistory.merge(all, history), PollHistory.empty)
})

const printLearned = Effect.fnUntraced(function*({ operations }: PollHistory.History) {
  const took = operations.flatMap(({ to }) => to === undefined ? [] : [to]).toSorted((a, b) => a - b)
  const [shortest, median, longest] = [took[0], took[Math.floor(took.length / 2)], took.at(-1)].map((millis) =>
    DurationText.format(Duration.millis(millis ?? 0))
  )
  yield* (yield* Output).note(
    took.length === 0
      ? "Nothing has been learned yet."
      : `Learned from ${took.length} ${took.length === 1 ? "operation" : "operations"}, which had ended after ` +
        `${shortest} to ${longest}, half of them by ${median}.\n`
  )
})

export const run = Effect.fnUntraced(function*(shared: SharedFlags, flags: ExplainFlags) {
  const history = Option.isSome(flags.history) ? yield* historyOf(shared, flags.history.value) : PollHistory.empty
  if (Option.isSome(flags.history)) yield* printLearned(history)
  const schedule = (yield* WaitOptions.schedule(flags)) ?? PollSchedule.quadratic()
  const rows = yield* PollSchedule.explain(schedule, flags.durations.length > 0 ? flags.durations : usual).pipe(
    Effect.provideService(PollHistory.CurrentHazard, Effect.succeed(PollHistory.hazard(history)))
  )
  const output = yield* Output
  if (!output.isJson) {
    yield* output.note(line(["duration", "polls", "late, mean", "at worst"]))
  }
  yield* Effect.forEach(rows, printRow, { discard: true })
})
