/** Runs the command: routes its output, and sets its exit code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import packageJson from "../package.json" with { type: "json" }
import { demo } from "./commands/demo.ts"
import { explain } from "./commands/explain.ts"
import { get } from "./commands/get.ts"
import { items } from "./commands/items.ts"
import { lists } from "./commands/lists.ts"
import { simulate } from "./commands/simulate.ts"
import { wait } from "./commands/wait.ts"
import { Exit, ExitCode } from "./ExitCode.ts"
import * as Failure from "./Failure.ts"
import * as Output from "./Output.ts"
import { root } from "./root.ts"

const isJson = process.argv.includes("--json")

const printError = (failure: Failure.Failure) =>
  isJson
    ? Console.log(
      JSON.stringify({ type: "error", error: failure.error, message: failure.message, exitCode: failure.code })
    )
    : Console.error(failure.message)

// Errors without the whole help text.
const presenter = CliOutput.layerPresenter({
  present: (event) => {
    if (event._tag !== "InvalidInvocation") {
      return event._tag === "Help" && event.reason === "Implicit"
        ? Effect.flatMap(help(event.helpDoc), Console.error)
        : event._tag === "Help"
        ? Effect.flatMap(help(event.helpDoc), Console.log)
        : Console.log(event.version)
    }
    const message = event.errors.map(({ message }) => message).join("\n")
    const failure = { code: ExitCode.usage, error: "UsageError", message }
    return printError(failure).pipe(
      Effect.andThen(isJson ? Effect.void : Console.error(`\n${event.commandPath.join(" ")} --help shows more.`))
    )
  }
})

const shorter: { readonly [flag: string]: string | undefined } = {
  completions: "For bash, zsh, fish or powershell",
  "log-level": "debug, info, warn (the default), error, none"
}

const fitting = (flag: FlagDoc): FlagDoc => ({
  ...flag,
  type: flag.type.startsWith("<") ? flag.name.replace(/^.*-|s$/g, "") : flag.type,
  description: Option.map(flag.description, (text) => shorter[flag.name] ?? text.replace(/ \(choices: .*\)$/, ""))
})

// Lines that fit, and paragraphs below their heading.
const help = (doc: HelpDoc) =>
  Effect.map(
    TerminalCapabilities.TerminalCapabilities,
    ({ canColor }) =>
      CliOutput.defaultFormatter({ colors: canColor, globalFlags: "summary" }).formatHelpDoc({
        ...doc,
        description: doc.description.replaceAll(/\n(?=.)/g, "\n  "),
        flags: doc.flags.map(fitting),
        globalFlags: (doc.globalFlags ?? []).map(fitting)
      })
  )

const command = root.pipe(Command.withSubcommands([wait, get, items, lists, explain, simulate, demo]))

const program = Command.run(command, { version: packageJson.version, renderErrors: true }).pipe(
  Effect.catchIf(CliError.isCliError, () => Effect.fail(new Exit({ code: ExitCode.usage }))),
  Effect.catch((error) => {
    if (error._tag === "Exit") return Effect.fail(error)
    const failure = Failure.of(error)
    return Effect.andThen(printError(failure), Effect.fail(new Exit({ code: failure.code })))
  }),
  Effect.catchDefect((defect) => {
    const message = `This is a bug of bulk-operations. Please report it: ${Cause.pretty(Cause.die(defect))}`
    const failure = { code: ExitCode.bug, error: "Bug", message }
    return Effect.andThen(printError(failure), Effect.fail(new Exit({ code: failure.code })))
  }),
  Effect.onInterrupt(() => Output.Output.use(({ interrupted }) => interrupted({ message: "Interrupted." })))
)

// A reader that closes the output (`| head -1`) is not an error.
const readerGone = Effect.callback<never, Exit>((resume) => {
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") resume(Effect.fail(new Exit({ code: ExitCode.readerGone })))
  }
  process.stdout.on("error", onError)
  process.stderr.on("error", onError)
})

program.pipe(
  Effect.raceFirst(readerGone),
  Effect.provide(
    Layer.mergeAll(presenter, Output.layer(isJson), Layer.succeed(References.MinimumLogLevel, "Warn")).pipe(
      Layer.provideMerge(NodeServices.layer)
    )
  ),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
