/** The flags of a program that serves the simulator, and the options that they stand for. Loads no server. */
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Input from "../internal/controlInput.ts"
import { DurationText, examples } from "../internal/durationText.ts"
import * as OperationPlan from "../OperationPlan.ts"
import type * as SimulatorServer from "./SimulatorServer.ts"

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

// RFC 6750. Anything else could not be sent by a client, or not be pasted into a shell.
const bearerToken = /^[\w.~+/-]+=*$/

/**
 * The flags, for a command of your own. A help text in 80 columns has room for them.
 *
 * @example
 * import { SimulatorCommand, SimulatorFlags } from "@bulk-operations/simulator/node"
 * import { Effect } from "effect"
 * import { Command } from "effect/cli"
 *
 * const serve = Command.make("serve", SimulatorFlags.flags, (flags) =>
 *   Effect.andThen(
 *     Effect.log(`listening on ${SimulatorFlags.options(flags).host}`),
 *     Effect.provide(Effect.never, SimulatorCommand.layer(flags))
 *   ))
 */
export const flags = {
  port: Flag.Int("port").pipe(
    Flag.withAlias("p"),
    Flag.withDescription("Port to listen on. Default: a free one"),
    Flag.filter((port) => port >= 0 && port <= 65_535, (port) => `Expected a port from 0 to 65535, got ${port}`),
    Flag.withDefault(0)
  ),
  host: Flag.String("host").pipe(
    Flag.withMetavar("address"),
    Flag.withDescription("Address to listen on. Default: 127.0.0.1"),
    Flag.withDefault("127.0.0.1")
  ),
  allowRemote: Flag.Boolean("allow-remote").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Allow a --host that other machines can reach"),
    Flag.withDefault(false)
  ),
  duration: duration("duration", "3 seconds").pipe(
    Flag.withDescription("How long operations take. Default: 3s")
  ),
  pendingFor: duration("pending-for", "500 millis").pipe(
    Flag.withDescription("How long they are pending first. Default: 500ms")
  ),
  readableAfter: duration("readable-after", 0).pipe(
    Flag.withDescription("Delay until items can be read. Default: 0s")
  ),
  fail: Flag.String("fail").pipe(
    Flag.withMetavar("text"),
    Flag.withDescription("Operations fail with this text"),
    Flag.optional
  ),
  fault: Flag.String("fault").pipe(
    Flag.withMetavar("fault"),
    Flag.withDescription("A fault for requests, by name or JSON. Repeatable"),
    Flag.filterMap(
      (text) => Result.getSuccess(readFault(text)),
      (text) => Result.match(readFault(text), { onFailure: (why) => why, onSuccess: () => text })
    ),
    Flag.atLeast(0)
  ),
  seed: Flag.String("seed").pipe(
    Flag.withMetavar("text"),
    Flag.withDescription("The same seed and requests give the same answers"),
    Flag.withDefault("simulator")
  ),
  token: Flag.String("token").pipe(
    Flag.withMetavar("token"),
    Flag.withDescription("An API token to accept. Repeatable. Default: any"),
    Flag.filter(
      (token) => bearerToken.test(token),
      () => "Expected letters, digits and -._~+/=, as bearer tokens have them"
    ),
    Flag.atLeast(0)
  ),
  requestLimit: Flag.Boolean("request-limit").pipe(
    Flag.withDescription("1,200 requests in 5 min, or --no-request-limit"),
    Flag.withDefault(true)
  ),
  pendingOperations: Flag.Int("pending-operations").pipe(
    Flag.withMetavar("n"),
    Flag.withDescription("Pending operations of an account. Default: 1"),
    Flag.filter((count) => count >= 1, (count) => `Expected 1 or more, got ${count}`),
    Flag.withDefault(1)
  ),
  anyAccountId: Flag.Boolean("any-account-id").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Accept account ids of any length"),
    Flag.withDefault(false)
  ),
  cors: Flag.Boolean("cors").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Let web pages of any origin call it"),
    Flag.withDefault(false)
  ),
  log: Flag.Boolean("log").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Log each request with the status of its answer"),
    Flag.withDefault(false)
  )
}

/** What the flags were given. */
export type Flags = Command.Command.Config.Infer<typeof flags>

/**
 * The options of `SimulatorServer.layer`, with the control API. Faults have to be injected: `SimulatorCommand.layer`
 * does.
 */
export const options = (flags: Flags): SimulatorServer.Options => ({
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
