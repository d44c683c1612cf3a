/** `demo`: shows waiting without an account. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { root } from "../root.ts"

export const demo = Command.make("demo", {}, () =>
  Effect.gen(function*() {
    const { run } = yield* Effect.promise(() => import("../run/demo.ts"))
    return yield* run(yield* root)
  })).pipe(
    Command.withShortDescription("See it work, without an account"),
    Command.withDescription(
      "Start a simulated Cloudflare, and wait for three operations: one that\n" +
        "completes, one that fails, and one that does not end in time. Takes six\nseconds. " +
        "Nothing leaves this machine."
    )
  )
