import {
  type BulkOperation,
  BulkOperations,
  CloudflareApi,
  type CloudflareError,
  Credentials,
  RequestBudget
} from "@bulk-operations/core"
import { BulkOperationPoller, PollOptions, PollSchedule, type WaitError } from "@bulk-operations/poll"
import { Draw, Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Option, Redacted, Result, Schedule } from "effect"

// Every fault there is at once, over real sockets. A run that fails is repeated by its seed, which is in its title.
const seeds = Array.from({ length: 10 }, (_, index) => `soak ${index + 1}`)
const waitsForEachSeed = 40

const finalFaults: Readonly<Record<string, ReadonlyArray<Fault.Fault["_tag"]>>> = {
  Unauthorized: ["Unauthorized", "MalformedCredentials"],
  Forbidden: ["Forbidden"],
  NotFound: ["NotFound"],
  UnexpectedResponse: ["TruncatedJson", "WrongShape", "EditedOperation"]
}

const Cloudflare = Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) =>
  CloudflareApi.layer({
    credentials: Credentials.apiToken(Redacted.make("any-token")),
    accountId: Simulator.accountId,
    baseUrl
  })))

const world = (seed: string) =>
  BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperations.layer),
    Layer.provide(Cloudflare),
    Layer.provide(NodeHttpClient.layerUndici),
    // Stalls must pass within the test.
    Layer.provide(Layer.succeed(CloudflareApi.RequestPolicy, { ...CloudflareApi.defaultPolicy, timeout: "1 second" })),
    Layer.provideMerge(SimulatorServer.layer({
      seed,
      limits: { requests: Infinity, pendingOperations: Infinity },
      timestamps: { fractionDigits: 3 },
      duration: Draw.between("50 millis", "2 seconds"),
      pendingFor: Draw.between("10 millis", "300 millis"),
      outcome: Draw.oneOf([3, OperationPlan.completed], [1, OperationPlan.failed("This list is full")])
    })),
    Layer.provide(RequestBudget.layer({ limit: Infinity }))
  )

const settings = Layer.succeed(PollOptions.PollOptions, {
  schedule: PollSchedule.quadratic({ requestCost: "60 millis" }),
  transientSchedule: Schedule.spaced("100 millis"),
  timeout: "25 seconds"
})

type Ending = Result.Result<
  BulkOperation.Completed,
  WaitError.BulkOperationFailed | WaitError.PollTimeout | CloudflareError.CloudflareError
>

// One wait, and what it has to be true to.
const waited = Effect.fnUntraced(function*(operationId: BulkOperation.OperationId, endless: boolean) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  const simulator = yield* Simulator.Simulator
  const began = yield* Clock.currentTimeMillis
  const ending: Ending = yield* Effect.result(poller.wait(operationId, endless ? { timeout: "4 seconds" } : {}))
  const took = (yield* Clock.currentTimeMillis) - began
  const { operations } = yield* simulator.state
  const truth = operations.find(({ operation }) => operation.id === operationId)?.operation
  const last = (yield* simulator.requests).findLast(({ url }) => url.endsWith(operationId))
  return { operationId, endless, ending, took, truth, met: last?.faults.map(({ _tag }) => _tag) ?? [] }
})

const check = ({ ending, endless, met, took, truth }: Effect.Success<ReturnType<typeof waited>>) => {
  if (Result.isSuccess(ending)) return assert.strictEqual(truth?.status, "completed")
  const error = ending.failure
  switch (error._tag) {
    case "BulkOperationFailed":
      assert.strictEqual(truth?.status, "failed")
      return assert.deepStrictEqual(error.operation.error, Option.some("This list is full"))
    case "PollTimeout":
      assert.isTrue(endless, error.message)
      assert.notInclude(["completed", "failed"], truth?.status)
      // An event loop that was blocked beyond the deadline gets one more poll.
      assert.isAtLeast(took, 3900)
      return assert.isAtMost(took, 7000)
    case "CloudflareError": {
      const possible = finalFaults[error.reason._tag] ?? []
      return assert.isTrue(met.some((fault) => possible.includes(fault)), `${error.message} after ${met.join(", ")}`)
    }
  }
}

const soak = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  const status = { on: "lists.bulkOperations.get" } as const
  yield* simulator.inject(Fault.anyOf(Fault.passing), { ...status, probability: 0.3 })
  yield* simulator.inject(Fault.anyOf(Fault.everyKind), { ...status, probability: 0.05 })
  const endings = yield* Effect.forEach(
    Array.from({ length: waitsForEachSeed }, (_, index) => index % 10 === 9),
    (endless) =>
      Effect.flatMap(
        simulator.startOperation(endless ? { duration: "Infinity" } : {}),
        (operationId) => waited(operationId, endless)
      ),
    { concurrency: "unbounded" }
  )
  assert.lengthOf(endings, waitsForEachSeed)
  endings.forEach(check)
  return endings.map(({ ending }) => Result.isSuccess(ending) ? "completed" : ending.failure._tag)
})

// What would keep the process alive, or leak.
const openSockets = () => process.getActiveResourcesInfo().filter((resource) => resource.includes("TCP")).length

describe.concurrent("on a bad day every wait ends with the truth", () => {
  for (const seed of seeds) {
    it.live(`seed "${seed}"`, () =>
      Effect.gen(function*() {
        const endings = yield* Effect.provide(soak, Layer.merge(world(seed), settings))
        // Were there none of a kind, nothing would have been shown.
        assert.includeMembers(endings, ["completed", "BulkOperationFailed", "PollTimeout"])
      }), 60_000)
  }
})

describe("after a bad day", () => {
  it.live("no connection is left open", () =>
    Effect.gen(function*() {
      const before = openSockets()
      yield* Effect.provide(soak, Layer.merge(world("leaks"), settings))
      yield* Effect.sleep(Duration.millis(200))
      assert.isAtMost(openSockets(), before)
    }), 60_000)
})
