#!/usr/bin/env node
/**
 * `npx @bulk-operations/simulator`.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
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

SimulatorCommand.make(name).pipe(
  Command.run({ version: "0.1.0" }),
  Effect.provide(Layer.merge(Presenter, NodeServices.layer)),
  NodeRuntime.runMain
)
