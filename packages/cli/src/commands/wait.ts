/** `wait`: waits for operations. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { root } from "../root.ts"
import { waiting } from "../Shared.ts"

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i

const flags = {
  ids: Argument.String("operation-id").pipe(
    Argument.withDescription("Ids of bulk operations, from the answers to writes"),
    Argument.variadic({ min: 1 })
  ),
  ...waiting,
  startedAt: Flag.String("started-at").pipe(
    Flag.withMetavar("time"),
    Flag.withDescription("When they were started, RFC 3339: polls by age"),
    Flag.filterMap(
      (text) => timestamp.test(text) ? DateTime.make(text) : Option.none(),
      () => "Expected a time with its zone, such as 2026-01-31T08:00:00Z"
    ),
    Flag.optional
  ),
  any: Flag.Boolean("any").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Stop as soon as one has completed"),
    Flag.withDefault(false)
  ),
  all: Flag.Boolean("all").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Stop when all have ended (the default)"),
    Flag.withDefault(false)
  )
}

export type WaitFlags = Command.Command.Config.Infer<typeof flags>

export const wait = Command.make("wait", flags, (flags) =>
  Effect.gen(function*() {
    const shared = yield* root
    const { run } = yield* Effect.promise(() => import("../run/wait.ts"))
    return yield* run(shared, flags)
  })).pipe(
    Command.withShortDescription("Wait for bulk operations"),
    Command.withDescription(
      "Wait for bulk operations to complete.\n\n" +
        "With several ids, the most serious exit code counts: 4 not authorised,\n" +
        "2 wrong input, 5 API error, 3 timed out, 1 failed. It is 0 if all have\n" +
        "completed, and with --any once one has completed."
    ),
    Command.withExamples([
      {
        command: "bulk-operations wait 4da8780eeb215e6cb7f48dd981c4ea02 --timeout 10m",
        description: "Wait for ten minutes at most"
      },
      { command: "bulk-operations wait $A $B --json | jq -r .status", description: "For a pipeline" }
    ])
  )
