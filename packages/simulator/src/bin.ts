#!/usr/bin/env node
/**
 * `npx @bulk-operations/simulator`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import * as SimulatorCommand from "./node/SimulatorCommand.ts"

const name = "bulk-operations-simulator"

// Errors without the whole help text.
const Presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
        `${
          CliOutput.defaultFormatter({ colors: false }).formatErrors(event.errors).trim()
        }\n\n${name} --help shows more.`
      )
      : CliOutput.defaultPresenter.present(event)
})

class WrongUsage extends Data.TaggedError("WrongUsage") {
  override readonly [Runtime.errorExitCode] = 2
  override readonly [Runtime.errorReported] = false
}

SimulatorCommand.make(name).pipe(
  Command.run({ version: "0.1.0" }),
  Effect.catchIf(CliError.isCliError, () => Effect.fail(new WrongUsage())),
  Effect.provide(Layer.merge(Presenter, NodeServices.layer)),
  NodeRuntime.runMain
)
