/**
 * Carries out `demo`.
 */
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as Credentials from "@bulk-operations/core/Credentials"
import * as SimulatorServer from "@bulk-operations/simulator/node/SimulatorServer"
import * as OperationPlan from "@bulk-operations/simulator/OperationPlan"
import * as Simulator from "@bulk-operations/simulator/Simulator"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Output } from "../Output.ts"
import type { SharedFlags } from "../root.ts"
import * as Cloudflare from "./cloudflare.ts"
import * as Wait from "./wait.ts"

const operations = [
  { duration: "4 seconds" },
  { duration: "2 seconds", outcome: OperationPlan.failed("This list is at the maximum number of items") },
  { duration: "Infinity" }
] as const

const api = Layer.unwrap(Effect.map(Simulator.Simulator, ({ baseUrl }) =>
  CloudflareApi.layer({
    baseUrl,
    accountId: Simulator.accountId,
    credentials: Credentials.apiToken(Redacted.make("any-token"))
  }))).pipe(Layer.provide(FetchHttpClient.layer))

const live = Cloudflare.over(api, Option.none()).pipe(
  Layer.provideMerge(SimulatorServer.layer({ timestamps: { fractionDigits: 3 } }))
)

export const run = Effect.fnUntraced(function*(shared: SharedFlags) {
  const timeout = Option.some(Duration.seconds(6))
  const none = Option.none()
  yield* Effect.gen(function*() {
    const output = yield* Output
    const { baseUrl, startOperation } = yield* Simulator.Simulator
    yield* output.note(`A simulated Cloudflare is listening on ${baseUrl}. Nothing leaves this machine.`)
    const ids = yield* Effect.forEach(operations, (plan) => startOperation(plan))
    yield* output.note(`\n$ bulk-operations wait ${ids.join(" ")} --timeout 6s`)
    const code = yield* Wait.waitForAll(ids, shared, {
      timeout,
      requestCost: none,
      every: none,
      history: none,
      startedAt: none,
      any: false
    })
    yield* output.note(`\n$ echo $?\n${code}`)
  }).pipe(Effect.provide(live))
})
