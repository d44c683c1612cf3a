/**
 * `get`: one poll, no waiting.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { root } from "../root.ts"

const flags = {
  id: Argument.String("operation-id").pipe(Argument.withDescription("A bulk operation"))
}

export const get = Command.make("get", flags, ({ id }) =>
  Effect.gen(function*() {
    const shared = yield* root
    const { run } = yield* Effect.promise(() => import("../run/get.ts"))
    return yield* run(shared, id)
  })).pipe(
    Command.withShortDescription("The status of a bulk operation"),
    Command.withDescription(
      "The status of a bulk operation as it is now.\n\n" +
        "The exit code is 0 whatever the status is."
    ),
    Command.withExamples([
      {
        command: "bulk-operations get 4da8780eeb215e6cb7f48dd981c4ea02 --json | jq -r .status",
        description: "Only the status"
      }
    ])
  )
