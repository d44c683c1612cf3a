/**
 * The simulator in a process of its own, with as many operations under way as it is told.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { Effect } from "effect"

const operations = Number(process.argv[2])

const program = Effect.gen(function*() {
  const { baseUrl, startOperation } = yield* Simulator.Simulator
  const ids = yield* Effect.forEach(Array.from({ length: operations }), () => startOperation())
  process.send?.({ url: `${baseUrl}/accounts/${Simulator.accountId}/rules/lists/bulk_operations/${ids[0]}` })
  return yield* Effect.never
})

process.on("disconnect", () => process.exit())
// Their ends lie far apart in the future, where nothing of this benchmark gets.
await Effect.runPromise(Effect.provide(
  program,
  SimulatorServer.layer({
    duration: "1 day",
    limits: { requests: Infinity, pendingOperations: Infinity }
  })
))
