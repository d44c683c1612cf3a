/**
 * Carries out `simulate`.
 */
import * as SimulatorCommand from "@bulk-operations/simulator/node/SimulatorCommand"
import type { Flags } from "@bulk-operations/simulator/node/SimulatorFlags"
import * as Effect from "effect/Effect"
import { Output } from "../Output.ts"

export const run = (flags: Flags) =>
  Effect.gen(function*() {
    const { control, ...access } = yield* SimulatorCommand.access(flags)
    const output = yield* Output
    yield* output.result(
      `export CLOUDFLARE_BASE_URL=${access.baseUrl}\n` +
        `export CLOUDFLARE_API_TOKEN=${access.apiToken}\n` +
        `export CLOUDFLARE_ACCOUNT_ID=${access.accountId}`,
      { type: "simulator", ...access }
    )
    yield* output.note(
      "\nA Cloudflare Lists API is listening. Paste these lines into another terminal. Ctrl-C stops it.\n" +
        `To control it: curl ${control}`
    )
    return yield* Effect.never
  }).pipe(Effect.provide(SimulatorCommand.layer(flags)))
