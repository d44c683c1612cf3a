/** Composes waits into larger workflows: in sequence, many at once, with a timeout, and with recovery by reason. */
import { BulkOperationPoller } from "@bulk-operations/poll"
import { OperationPlan, Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect, Option, Stream } from "effect"
import * as Simulated from "./simulated.ts"

// Two waits in sequence: the second operation needs the result of the first.
const inSequence = Effect.fn("inSequence")(function*(first: string, second: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const before = yield* poller.wait(first)
  const after = yield* poller.wait(second)
  yield* Console.log(`in sequence: ${before.status}, then ${after.status}`)
})

// Many at once: the poller keeps them within one request budget, so there is no need to limit the concurrency.
const manyAtOnce = Effect.fn("manyAtOnce")(function*(operationIds: ReadonlyArray<string>) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const operations = yield* poller.waitAll(operationIds)
  yield* Console.log(`many at once: all ${operations.length} completed`)
})

// Fails with the first one that does not complete; the error names it. Each can have its own options.
const allOrNothing = Effect.fn("allOrNothing")(function*(quick: string, slow: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const operations = [quick, { operationId: slow, timeout: "500 millis" as const }]
  yield* poller.waitAll(operations).pipe(
    Effect.catch(({ operationId, reason }) =>
      Console.log(`all or nothing: ${reason._tag} of the ${operationId === slow ? "slow" : "quick"} one`)
    )
  )
})

// For operations that may fail: one result for each, in the order they end.
const asTheyEnd = Effect.fn("asTheyEnd")(function*(operationIds: ReadonlyArray<string>) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const failures = yield* poller.settle(operationIds).pipe(
    Stream.filter(({ result }) => result._tag === "Failure"),
    Stream.runCount
  )
  yield* Console.log(`as they end: ${failures} of ${operationIds.length} failed`)
})

// A race with the application's own timeout: the loser is interrupted, and its request with it.
const against = Effect.fn("againstTheClock")(function*(operationId: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const operation = yield* Effect.timeoutOption(poller.wait(operationId), "300 millis")
  yield* Console.log(`against the clock: ${Option.isNone(operation) ? "went on without it" : "in time"}`)
})

// Recovery by reason: every error is in the type, and each can be handled separately.
const recovered = Effect.fn("recovered")(function*(operationId: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  return yield* poller.wait(operationId, { timeout: "1 second" }).pipe(
    Effect.map((operation) => `${operation.id} completed`),
    Effect.catchTags({
      BulkOperationFailed: ({ message }) => Effect.succeed(message),
      PollTimeout: ({ polls }) => Effect.succeed(`still under way after ${polls} polls`)
    }),
    Effect.catchReason("CloudflareError", "NotFound", () => Effect.succeed("Cloudflare does not know it"))
  )
})

const program = Effect.gen(function*() {
  const { startOperation } = yield* Simulator.Simulator
  const quick = startOperation({ duration: "400 millis" })
  const failing = startOperation({ duration: "200 millis", outcome: OperationPlan.failed("The list is full") })
  const endless = startOperation({ duration: "Infinity" })

  yield* inSequence(yield* quick, yield* quick)
  yield* manyAtOnce(yield* Effect.all(Array.from({ length: 20 }, () => quick)))
  yield* allOrNothing(yield* quick, yield* endless)
  yield* asTheyEnd(yield* Effect.all([quick, failing, quick]))
  yield* against(yield* endless)
  yield* Console.log(`recovered: ${yield* recovered(yield* failing)}`)
  yield* Console.log(`recovered: ${yield* recovered(yield* endless)}`)
  yield* Console.log(`recovered: ${yield* recovered("an-id-nobody-knows")}`)
})

program.pipe(Effect.provide(Simulated.layerPoller), NodeRuntime.runMain)
