/**
 * The simulator as a program, for clients in any language: `npx @bulk-operations/simulator`.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as ControlApi from "../internal/controlApi.ts"
import * as Input from "../internal/controlInput.ts"
import { DurationText, examples } from "../internal/durationText.ts"
import * as OperationPlan from "../OperationPlan.ts"
import * as Simulator from "../Simulator.ts"
import type * as SimulatorError from "../SimulatorError.ts"
import * as SimulatorServer from "./SimulatorServer.ts"

const readDuration = Schema.decodeUnknownOption(DurationText)

const duration = (name: string, usual: Duration.Input) =>
  Flag.String(name).pipe(
    Flag.withMetavar("duration"),
    Flag.filterMap(readDuration, (text) => `Expected a duration such as ${examples}, got ${JSON.stringify(text)}`),
    Flag.filter((duration) => !Duration.isNegative(duration), () => "Expected a duration that is not negative"),
    Flag.withDefault(Duration.fromInputUnsafe(usual))
  )

// A name, or the JSON of a fault in the control API.
const readFault = (text: string): Input.Read<Input.Injection> =>
  text.startsWith("{")
    ? Result.flatMap(
      Result.try({ try: (): unknown => JSON.parse(text), catch: () => "Expected JSON, as it begins like it" }),
      Input.readFault
    )
    : Input.readFault({ fault: text })

const fault = Flag.String("fault").pipe(
  Flag.withMetavar("fault"),
  Flag.withDescription(
    `Requests meet a fault: a name such as rateLimited, passing or everyKind, or JSON such as ` +
      `'{"fault":"htmlError","status":502,"probability":0.1}'. Can be given several times`
  ),
  Flag.filterMap(
    (text) => Result.getSuccess(readFault(text)),
    (text) => Result.match(readFault(text), { onFailure: (why) => why, onSuccess: () => text })
  ),
  Flag.atLeast(0)
)

// RFC 6750. Anything else could not be sent by a client, or not be pasted into a shell.
const bearerToken = /^[\w.~+/-]+=*$/

const flags = {
  port: Flag.Int("port").pipe(
    Flag.withAlias("p"),
    Flag.withDescription("The port to listen on. A free one by default"),
    Flag.filter((port) => port >= 0 && port <= 65_535, (port) => `Expected a port from 0 to 65535, got ${port}`),
    Flag.withDefault(0)
  ),
  host: Flag.String("host").pipe(
    Flag.withDescription("The address to listen on; loopback only, unless --allow-remote is given"),
    Flag.withDefault("127.0.0.1")
  ),
  allowRemote: Flag.Boolean("allow-remote").pipe(
    Flag.withDescription("Allows a --host that other machines can reach"),
    Flag.withDefault(false)
  ),
  duration: duration("duration", "3 seconds").pipe(Flag.withDescription("How long operations take. 3s by default")),
  pendingFor: duration("pending-for", "500 millis").pipe(
    Flag.withDescription("How long they are pending at first. 500ms by default")
  ),
  readableAfter: duration("readable-after", 0).pipe(
    Flag.withDescription("How long after that items can be read. At once by default")
  ),
  fail: Flag.String("fail").pipe(
    Flag.withMetavar("text"),
    Flag.withDescription("Operations fail with this text"),
    Flag.optional
  ),
  fault,
  seed: Flag.String("seed").pipe(
    Flag.withDescription("The same seed and the same requests give the same answers"),
    Flag.withDefault("simulator")
  ),
  token: Flag.String("token").pipe(
    Flag.withDescription("An API token to accept, and no others. Can be given several times. Any by default"),
    Flag.filter(
      (token) => bearerToken.test(token),
      () => "Expected letters, digits and -._~+/=, as bearer tokens have them"
    ),
    Flag.atLeast(0)
  ),
  requestLimit: Flag.Boolean("request-limit").pipe(
    Flag.withDescription(
      "Limits requests to 1,200 in 5 minutes, like Cloudflare; --no-request-limit removes the limit"
    ),
    Flag.withDefault(true)
  ),
  pendingOperations: Flag.Int("pending-operations").pipe(
    Flag.withDescription("How many operations of one account may be pending. 1 by default"),
    Flag.filter((count) => count >= 1, (count) => `Expected 1 or more, got ${count}`),
    Flag.withDefault(1)
  ),
  anyAccountId: Flag.Boolean("any-account-id").pipe(
    Flag.withDescription("Accepts account ids of any length"),
    Flag.withDefault(false)
  ),
  cors: Flag.Boolean("cors").pipe(
    Flag.withDescription("Lets pages of any origin call it"),
    Flag.withDefault(false)
  ),
  log: Flag.Boolean("log").pipe(
    Flag.withDescription("Prints each request with the status of its answer"),
    Flag.withDefault(false)
  )
}

type Flags = Command.Command.Config.Infer<typeof flags>

const options = (flags: Flags): SimulatorServer.Options => ({
  control: true,
  port: flags.port,
  host: flags.host,
  allowRemote: flags.allowRemote,
  duration: flags.duration,
  pendingFor: flags.pendingFor,
  readableAfter: flags.readableAfter,
  outcome: Option.match(flags.fail, { onNone: () => OperationPlan.completed, onSome: OperationPlan.failed }),
  seed: flags.seed,
  limits: { pendingOperations: flags.pendingOperations, ...(flags.requestLimit ? {} : { requests: Infinity }) },
  anyAccountId: flags.anyAccountId,
  cors: flags.cors,
  log: flags.log,
  ...(flags.token.length === 0 ? {} : { credentials: flags.token.map((token) => ({ token })) })
})

const run = Effect.fnUntraced(function*(flags: Flags) {
  const { baseUrl, inject } = yield* Simulator.Simulator
  for (const { fault, when } of flags.fault) yield* inject(fault, when)
  const [token = "any-token"] = flags.token
  yield* Console.log(
    `A Cloudflare Lists API is listening. Point a client at it:\n\n` +
      `export CLOUDFLARE_BASE_URL=${baseUrl}\n` +
      `export CLOUDFLARE_API_TOKEN=${token}\n` +
      `export CLOUDFLARE_ACCOUNT_ID=${Simulator.accountId}\n\n` +
      `To control it: curl ${new URL(ControlApi.root, baseUrl).href}\nStop it: Ctrl-C`
  )
  return yield* Effect.never
})

/** Why the program ends, in terms of its flags. Printed on stderr; the exit code is 1. */
export class CannotStart extends Schema.TaggedError<CannotStart>()("CannotStart", { message: Schema.String }) {
  override readonly [Runtime.errorReported] = false
}

const explain = ({ host, port }: Flags) => ({ message, reason }: SimulatorError.SimulatorError): CannotStart => {
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
  Command.make(name, flags, (flags) =>
    run(flags).pipe(
      Effect.provide(SimulatorServer.layer(options(flags))),
      Effect.mapError(explain(flags)),
      Effect.tapError(({ message }) => Console.error(message))
    )).pipe(
      Command.withDescription(
        "A Cloudflare Lists API for tests and demos: lists, items, bulk operations, limits and failures."
      ),
      Command.withExamples([
        { command: `${name} --port 8700 --duration 10s`, description: "Operations take ten seconds" },
        {
          command: `${name} --fault '{"fault":"rateLimited","probability":0.1}'`,
          description: "One request in ten gets 429"
        }
      ])
    )
