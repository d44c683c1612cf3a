/** `explain`: shows what a schedule costs, without waiting. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as DurationText from "../DurationText.ts"
import { root } from "../root.ts"
import { waiting } from "../Shared.ts"

const flags = {
  durations: Argument.String("duration").pipe(
    Argument.withDescription("Default: 5s 30s 2m 10m 1h"),
    Argument.filterMap(DurationText.parse, () => `Expected ${DurationText.expected}`),
    Argument.filter(
      Duration.isFinite,
      () => `Expected ${DurationText.expected}. An operation that never ends has no cost to explain`
    ),
    Argument.variadic()
  ),
  requestCost: waiting.requestCost,
  every: waiting.every,
  history: Flag.String("history").pipe(
    Flag.withMetavar("path"),
    Flag.withDescription("What wait --history has learned for the account"),
    Flag.optional
  )
}

export type ExplainFlags = Command.Command.Config.Infer<typeof flags>

export const explain = Command.make("explain", flags, (flags) =>
  Effect.gen(function*() {
    const { run } = yield* Effect.promise(() => import("../run/explain.ts"))
    return yield* run(yield* root, flags)
  })).pipe(
    Command.withShortDescription("What a schedule costs, without waiting"),
    Command.withDescription(
      "How many polls a schedule makes until the end of an operation is detected, and\n" +
        "how late that is. Nothing is sent, and no account is needed."
    ),
    Command.withExamples([
      { command: "bulk-operations explain 45s 8m --request-cost 2s", description: "Fewer requests" },
      { command: "bulk-operations explain --every 10s", description: "A fixed interval" }
    ])
  )
