/**
 * Reads what is left of the request budget, to postpone your own work that can wait.
 *
 * Everything with the same credentials draws on one budget. Reading it needs only the credentials and sends nothing.
 */
import { RequestBudget } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Duration, Effect, Fiber, Layer, Schedule } from "effect"
import * as Simulated from "./simulated.ts"

// Fewer than Cloudflare allows, so that this program runs quickly: 8 requests at once, and 14 a second.
const Small = RequestBudget.layer({ limit: 100, window: "5 seconds" })

const show = ({ blockedFor, isShort, remaining, waiting }: RequestBudget.Left) => {
  if (Duration.toMillis(blockedFor) > 0) return `blocked for ${Duration.format(blockedFor)}`
  return isShort ? `short, ${waiting} waiting` : `${remaining} requests at once`
}

const program = Effect.gen(function*() {
  const { startOperation } = yield* Simulator.Simulator
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const left = RequestBudget.left(Simulated.credentials)
  yield* Console.log(`before: ${show(yield* left)}`)

  const ids = yield* Effect.forEach(Array.from({ length: 20 }), () => startOperation({ duration: "100 millis" }))
  const waits = yield* Effect.forkChild(poller.waitAll(ids))
  yield* Effect.sleep("50 millis")
  yield* Console.log(`while 20 waits poll: ${show(yield* left)}`)

  // A report that can wait until no poll is waiting.
  yield* Effect.repeat(left, { while: ({ isShort }) => isShort, schedule: Schedule.spaced("100 millis") })
  yield* Console.log("time for the report")
  yield* Fiber.join(waits)
})

program.pipe(
  Effect.provide(Simulated.layerPoller.pipe(Layer.provideMerge(Small))),
  NodeRuntime.runMain
)
