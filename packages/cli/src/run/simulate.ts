/**
 * Carries out `simulate`.
 */
import * as SimulatorServer from "@bulk-operations/simulator/node/SimulatorServer"
import * as OperationPlan from "@bulk-operations/simulator/OperationPlan"
import * as Simulator from "@bulk-operations/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { SimulateFlags } from "../commands/simulate.ts"
import { Output } from "../Output.ts"

export const run = (flags: SimulateFlags) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* Simulator.Simulator
    const output = yield* Output
    yield* output.result(
      `export CLOUDFLARE_BASE_URL=${baseUrl}\n` +
        `export CLOUDFLARE_ACCOUNT_ID=${Simulator.accountId}\n` +
        "export CLOUDFLARE_API_TOKEN=any-token",
      { type: "simulator", baseUrl, accountId: Simulator.accountId }
    )
    yield* output.note(
      "\nA Cloudflare Lists API is listening. Paste these lines into another terminal. Ctrl-C stops it.\n" +
        `To control it: curl ${new URL("/simulator", baseUrl).href}`
    )
    return yield* Effect.never
  }).pipe(Effect.provide(SimulatorServer.layer({
    control: true,
    port: flags.port,
    duration: flags.duration,
    outcome: Option.match(flags.fail, { onNone: () => OperationPlan.completed, onSome: OperationPlan.failed }),
    limits: { pendingOperations: flags.pendingOperations },
    timestamps: { fractionDigits: 3 }
  })))
