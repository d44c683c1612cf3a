/**
 * The simulator as a program, for clients in any language: `npx @bulk-operations/simulator`.
 */
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as ControlApi from "../internal/controlApi.ts"
import * as Simulator from "../Simulator.ts"
import type * as SimulatorError from "../SimulatorError.ts"
import * as SimulatorFlags from "./SimulatorFlags.ts"
import * as SimulatorServer from "./SimulatorServer.ts"

/** The simulator cannot start. The message names the flags; `make` prints it, and the exit code is 2. */
export class CannotStart extends Schema.TaggedError<CannotStart>()("CannotStart", { message: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false
}

const explain = ({ host, port }: SimulatorFlags.Flags, { message, reason }: SimulatorError.SimulatorError) => {
  switch (reason._tag) {
    case "NotLoopback":
      return new CannotStart({
        message: `Other machines can reach ${host}, and any credential is accepted. ` +
          `Leave out --host, or add --allow-remote if that is intended.`
      })
    case "CannotListen":
      return new CannotStart({
        message: `Cannot listen on ${host}, port ${port}: ${reason.cause}. ` +
          (port === 0 ? "Is --host an address of this machine?" : "Leave out --port to get one that is free.")
      })
    default:
      return new CannotStart({ message })
  }
}

/** Serves a simulator with these flags, faults included, until the layer's scope closes. */
export const layer = (flags: SimulatorFlags.Flags): Layer.Layer<Simulator.Simulator, CannotStart> =>
  Layer.effectDiscard(
    Simulator.Simulator.use(({ inject }) =>
      Effect.forEach(flags.fault, ({ fault, when }) => inject(fault, when), { discard: true })
    )
  ).pipe(
    Layer.provideMerge(SimulatorServer.layer(SimulatorFlags.options(flags))),
    Layer.catchTag("SimulatorError", (error) => Layer.effectContext(Effect.fail(explain(flags, error))))
  )

/** What a client needs: where the simulator is, a token that it accepts, and an account. */
export interface Access {
  readonly baseUrl: string
  readonly apiToken: string
  readonly accountId: string
  /** The root of the control API. */
  readonly control: string
}

/**
 * What a client of the simulator needs.
 *
 * @example
 * import { SimulatorCommand, SimulatorServer } from "@bulk-operations/simulator/node"
 * import { Effect } from "effect"
 *
 * const access = SimulatorCommand.access({ token: ["secret"] })
 * const { apiToken } = await Effect.runPromise(Effect.provide(access, SimulatorServer.layer()))
 * apiToken // => "secret"
 */
export const access = (
  { token: [apiToken = "any-token"] }: Pick<SimulatorFlags.Flags, "token">
): Effect.Effect<Access, never, Simulator.Simulator> =>
  Effect.map(Simulator.Simulator, ({ baseUrl }) => ({
    baseUrl,
    apiToken,
    accountId: Simulator.accountId,
    control: new URL(ControlApi.root, baseUrl).href
  }))

const run = Effect.fnUntraced(function*(flags: SimulatorFlags.Flags) {
  const { accountId, apiToken, baseUrl, control } = yield* access(flags)
  yield* Console.log(
    `A Cloudflare Lists API is listening. Point a client at it:\n\n` +
      `export CLOUDFLARE_BASE_URL=${baseUrl}\n` +
      `export CLOUDFLARE_API_TOKEN=${apiToken}\n` +
      `export CLOUDFLARE_ACCOUNT_ID=${accountId}\n\n` +
      `To control it: curl ${control}\nStop it: Ctrl-C`
  )
  return yield* Effect.never
})

/**
 * A command with this name that serves the simulator until interrupted, and prints the environment variables for
 * clients.
 *
 * Fails with `CannotStart` if it cannot listen.
 *
 * @example
 * import { SimulatorCommand } from "@bulk-operations/simulator/node"
 * import * as NodeServices from "@effect/platform-node/NodeServices"
 * import { Effect } from "effect"
 * import { Command } from "effect/cli"
 *
 * // Your own command: `my-cloudflare --port 8700`.
 * export const program = SimulatorCommand.make("my-cloudflare").pipe(
 *   Command.run({ version: "1.0.0" }),
 *   Effect.catchTag("CannotStart", () => Effect.void),
 *   Effect.provide(NodeServices.layer)
 * )
 */
export const make = (name: string) =>
  Command.make(name, SimulatorFlags.flags, (flags) =>
    run(flags).pipe(
      Effect.provide(layer(flags)),
      Effect.tapError(({ message }) => Console.error(message))
    )).pipe(
      Command.withDescription(
        "A Cloudflare Lists API for tests and demos: lists, items, bulk operations,\n" +
          "limits and failures."
      ),
      Command.withExamples([
        { command: `${name} --port 8700 --duration 10s`, description: "Operations take ten seconds" },
        {
          command: `${name} --fault '{"fault":"reset","probability":0.1}'`,
          description: "One request in ten loses its connection"
        }
      ])
    )
