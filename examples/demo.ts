/**
 * The whole job, live: start bulk operations, watch them, learn how they ended.
 *
 * `npm run demo` needs nothing: it starts an embedded Cloudflare and talks to it over real HTTP. With
 * CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID set, `npm run demo -- <operation id>` waits for a real operation.
 */
import { BulkOperation, BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller, WaitError } from "@bulk-operations/poll"
import { OperationPlan, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Console, DateTime, Duration, Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"

// Waits for one operation and shows each change of its status as it happens.
const follow = Effect.fnUntraced(function*(operationId: string, options?: BulkOperationPoller.WaitOptions) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const started = yield* Clock.currentTimeMillis
  const show = (text: string) =>
    Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => Console.log(`${((now - started) / 1000).toFixed(2).padStart(8)} s  ${text}`)
    )

  yield* poller.changes(operationId, options).pipe(
    Stream.runForEach((operation) => Effect.andThen(show(operation.status), ending(operation, show))),
    Effect.catch(({ message }) => show(message))
  )
  yield* Console.log("")
})

// What the last change says: how it ended, and how late that was noticed.
const ending = Effect.fnUntraced(function*(
  operation: BulkOperation.BulkOperation,
  show: (text: string) => Effect.Effect<void>
) {
  if (!BulkOperation.isTerminal(operation)) return
  const seen = yield* DateTime.now
  const isCompleted = operation.status === "completed"
  yield* show(isCompleted ? "It has taken effect" : new WaitError.BulkOperationFailed({ operation }).message)
  if (Option.isNone(operation.completed)) return
  const completed = operation.completed.value
  const lateness = Duration.format(DateTime.distance(completed, seen))
  yield* show(`It ended at ${DateTime.formatIso(completed)}; that was seen ${lateness} later`)
})

const Started = Schema.Struct({ result: Schema.Struct({ operation_id: Schema.String }) })
const Created = Schema.Struct({ result: Schema.Struct({ id: Schema.String }) })

// How an application starts an operation today: by plain HTTP.
const post = <A>(url: string, body: unknown, answer: Schema.ConstraintDecoder<A>) =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.bearerToken("any-token"),
    HttpClientRequest.bodyJsonUnsafe(body),
    HttpClient.execute,
    Effect.flatMap(HttpClientResponse.schemaBodyJson(answer))
  )

const simulated = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  yield* Console.log(`An embedded Cloudflare is listening on ${simulator.baseUrl}\n`)
  yield* simulator.planNext(
    { duration: "4 seconds" },
    { duration: "2 seconds", outcome: OperationPlan.failed("This list is at the maximum number of items") },
    { duration: "Infinity" }
  )
  const lists = `${simulator.baseUrl}/accounts/${Simulator.accountId}/rules/lists`
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
      const list = yield* post(lists, { name, kind: "ip" }, Created)
      const write = yield* post(
        `${lists}/${list.result.id}/items`,
        [{ ip: "192.0.2.1" }, { ip: "198.51.100.7" }],
        Started
      )
      yield* Console.log(`${title}: ${write.result.operation_id}`)
      yield* follow(write.result.operation_id, options)
    }))
  const polls = (yield* simulator.requests).filter(({ url }) => url.includes("/bulk_operations/"))
  yield* Console.log(`${polls.length} requests were made to see all this.`)
})

const waiting = BulkOperationPoller.layer.pipe(Layer.provide(BulkOperations.layer))

const simulatedCloudflare = Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) =>
  CloudflareApi.layer({
    credentials: Credentials.apiToken(Redacted.make("any-token")),
    accountId: Simulator.accountId,
    baseUrl
  })))

const program = Effect.gen(function*() {
  const [operationId] = process.argv.slice(2)
  if (operationId !== undefined) {
    return yield* Effect.provide(follow(operationId), waiting.pipe(Layer.provide(CloudflareApi.layerConfig)))
  }
  return yield* Effect.provide(
    simulated,
    waiting.pipe(
      Layer.provide(simulatedCloudflare),
      Layer.provideMerge(SimulatorServer.layer({ timestamps: { fractionDigits: 3 } }))
    )
  )
})

program.pipe(Effect.provide(NodeHttpClient.layerUndici), NodeRuntime.runMain)
