/**
 * The whole job, live: start bulk operations, follow them, and show how they ended.
 *
 * `npm run demo` needs no account: it starts an embedded Cloudflare and uses it over real HTTP. With
 * CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID set, `npm run demo -- <operation id>` waits for a real operation.
 */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { ListItem, ListItems, Lists } from "@bulk-operations/lists"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { OperationPlan, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Console, DateTime, Duration, Effect, Fiber, Layer, Option, Result, Stream } from "effect"
import * as Simulated from "./simulated.ts"

// Waits for one operation and prints its progress. `changes` and `wait` share their polls: no request is sent twice.
const follow = Effect.fnUntraced(function*(operationId: string, options?: BulkOperationPoller.WaitOptions) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const started = yield* Clock.currentTimeMillis
  const print = (text: string) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => Console.log(`${((now - started) / 1000).toFixed(2).padStart(8)} s  ${text}`)
    )

  const printing = yield* poller.changes(operationId, options).pipe(
    Stream.runForEach(({ status }) => print(status)),
    Effect.ignore,
    Effect.forkChild
  )
  const result = yield* Effect.result(poller.wait(operationId, options))
  const seen = yield* DateTime.now
  yield* Fiber.await(printing)

  const ended = Result.match(result, {
    onSuccess: ({ completed }) => ({ completed, text: "It has taken effect" }),
    onFailure: (error) => ({
      completed: error._tag === "BulkOperationFailed" ? error.operation.completed : Option.none(),
      text: error.message
    })
  })
  yield* print(ended.text)
  if (Option.isSome(ended.completed)) {
    const lateness = Duration.format(DateTime.distance(ended.completed.value, seen))
    yield* print(`It ended at ${DateTime.formatIso(ended.completed.value)}; detected ${lateness} later`)
  }
  yield* Console.log("")
})

const simulated = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  yield* Console.log(`An embedded Cloudflare is listening on ${simulator.baseUrl}\n`)
  yield* simulator.planNext(
    { duration: "4 seconds" },
    { duration: "2 seconds", outcome: OperationPlan.failed("This list is at the maximum number of items") },
    { duration: "Infinity" }
  )
  const lists = yield* Lists.Lists
  const items = yield* ListItems.ListItems
  const scenes = [
    { name: "office", title: "An operation that completes", options: {} },
    { name: "too_full", title: "An operation that fails", options: {} },
    {
      name: "stuck",
      title: "An operation that does not end within the 3 seconds we wait",
      options: { timeout: "3 seconds" }
    }
  ] as const
  yield* Effect.forEach(scenes, ({ name, options, title }) =>
    Effect.gen(function*() {
      const list = yield* lists.create({ name, kind: "ip" })
      const startedAt = yield* DateTime.now
      const operationId = yield* items.create(list.id, [ListItem.ip("192.0.2.1"), ListItem.ip("198.51.100.7")])
      yield* Console.log(`${title}: ${operationId}`)
      yield* follow(operationId, { ...options, startedAt })
    }))
  const polls = (yield* simulator.requests).filter(({ url }) => url.includes("/bulk_operations/"))
  yield* Console.log(`All of this took ${polls.length} polls.`)
})

const waiting = BulkOperationPoller.layer.pipe(Layer.provide(BulkOperations.layer))
const writing = Layer.mergeAll(Lists.layer, ListItems.layer).pipe(Layer.provideMerge(waiting))

const program = Effect.gen(function*() {
  const [operationId] = process.argv.slice(2)
  if (operationId !== undefined) {
    return yield* Effect.provide(follow(operationId), waiting.pipe(Layer.provide(CloudflareApi.layerConfig)))
  }
  return yield* Effect.provide(
    simulated,
    writing.pipe(
      Layer.provide(Simulated.layerApi),
      Layer.provideMerge(SimulatorServer.layer({ timestamps: { fractionDigits: 3 } }))
    )
  )
})

program.pipe(Effect.provide(NodeHttpClient.layerUndici), NodeRuntime.runMain)
