/** `simulate`: serves a simulated Cloudflare. */
import * as SimulatorFlags from "@bulk-operations/simulator/node/SimulatorFlags"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"

export const simulate = Command.make("simulate", SimulatorFlags.flags, (flags) =>
  Effect.gen(function*() {
    const { run } = yield* Effect.promise(() => import("../run/simulate.ts"))
    return yield* run(flags)
  })).pipe(
    Command.withShortDescription("Serve a simulated Cloudflare Lists API"),
    Command.withDescription(
      "Serve a simulated Cloudflare Lists API until it is stopped with Ctrl-C,\n" +
        "and print the environment variables for its clients."
    ),
    Command.withExamples([
      { command: "bulk-operations simulate --duration 10s", description: "Operations take ten seconds" },
      {
        command: `bulk-operations simulate --fault '{"fault":"reset","probability":0.1}'`,
        description: "One request in ten loses its connection"
      }
    ])
  )
