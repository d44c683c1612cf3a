/**
 * A process that waits for an operation of two and a half seconds with a timeout of three. It says when it has polled for
 * the first time, so that it can be stopped then, and how the wait ended.
 */
import { BulkOperation, BulkOperations } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { Clock, Effect, Layer, Option } from "effect"

const id = BulkOperation.OperationId.make("op")
const polls: Array<number> = []

const program = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const began = clock.monotonicTimeNanosUnsafe()
  const elapsed = () => Math.round(Number(clock.monotonicTimeNanosUnsafe() - began) / 1e6)
  const operations = Layer.succeed(BulkOperations.BulkOperations, {
    accountId: "account",
    get: () =>
      Effect.sync(() => {
        if (polls.push(elapsed()) === 1) process.stdout.write("polled\n")
        return elapsed() < 2500
          ? BulkOperation.Running.make({ id })
          : BulkOperation.Completed.make({ id, completed: Option.none() })
      })
  })
  const ending = yield* BulkOperationPoller.BulkOperationPoller.use(({ wait }) =>
    Effect.match(wait("op", { timeout: "3 seconds" }), {
      onSuccess: ({ status }) => status,
      onFailure: ({ message }) => message
    })
  ).pipe(Effect.provide(Layer.provide(BulkOperationPoller.layer, operations)))
  process.stdout.write(JSON.stringify({ ending, elapsed: elapsed(), polls }))
})

Effect.runFork(program)
