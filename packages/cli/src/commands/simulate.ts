/** `simulate`: serves a simulated Cloudflare. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { duration } from "../Shared.ts"

const flags = {
  port: Flag.Int("port").pipe(
    Flag.withAlias("p"),
    Flag.withDescription("Where to listen on 127.0.0.1. Default: a free port"),
    Flag.filter((port) => port >= 0 && port <= 65_535, () => "Expected a port from 0 to 65535"),
    Flag.withDefault(0)
  ),
  duration: duration("duration").pipe(
    Flag.withDescription("How long operations take, or infinity. Default: 3s"),
    Flag.withDefault(Duration.seconds(3))
  ),
  fail: Flag.String("fail").pipe(
    Flag.withMetavar("text"),
    Flag.withDescription("Operations fail with this text"),
    Flag.optional
  ),
  pendingOperations: Flag.Int("pending-operations").pipe(
    Flag.withMetavar("n"),
    Flag.withDescription("Pending operations an account may have. Default: 1"),
    Flag.filter((count) => count >= 1, () => "Expected 1 or more"),
    Flag.withDefault(1)
  )
}

export type SimulateFlags = Command.Command.Config.Infer<typeof flags>

export const simulate = Command.make("simulate", flags, (flags) =>
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
      { command: "bulk-operations simulate --duration 10s", description: "Operations take ten seconds" }
    ])
  )
