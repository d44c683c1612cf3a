/**
 * A job that learns between its runs: it keeps the durations of its operations in files, and each run polls by them.
 *
 * Pass the folder of the files; run it several times with the same one.
 */
import { BulkOperationPoller, PollHistory, PollOptions, PollSchedule } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer } from "effect"
import { KeyValueStore } from "effect/persistence"
import * as Simulated from "./simulated.ts"

const [folder = ".cache/bulk-operations"] = process.argv.slice(2)

const history = "nightly blocklist"

// `run` starts the operation and waits for it, so that the poller knows when it began.
const job = Effect.gen(function*() {
  const { startOperation } = yield* Simulator.Simulator
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  yield* poller.run(startOperation({ duration: "1500 millis" }))
})

const program = Effect.gen(function*() {
  const histories = yield* PollHistory.PollHistory
  yield* job
  const { operations } = yield* histories.history({ accountId: Simulator.accountId, name: history })
  yield* Console.log(`operations in the history: ${operations.length}`)
})

// Switches learning on, with the name of the job.
const Options = Layer.succeed(PollOptions.PollOptions, { schedule: PollSchedule.learned(), history })

const Histories = PollHistory.layerStore().pipe(
  Layer.provide(KeyValueStore.layerFileSystem(folder)),
  Layer.provide(NodeServices.layer)
)

program.pipe(
  Effect.provide(Simulated.layerPoller.pipe(Layer.provideMerge(Histories), Layer.provideMerge(Options))),
  NodeRuntime.runMain
)
