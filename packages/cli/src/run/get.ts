/**
 * Carries out `get`.
 */
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as Effect from "effect/Effect"
import { Output } from "../Output.ts"
import type { SharedFlags } from "../root.ts"
import * as Cloudflare from "./cloudflare.ts"
import * as Ids from "./ids.ts"
import * as Operation from "./operation.ts"

export const run = Effect.fnUntraced(function*(shared: SharedFlags, text: string) {
  const id = yield* Effect.fromResult(Ids.parse("Operation id", text))
  const output = yield* Output
  yield* Effect.gen(function*() {
    const operation = yield* (yield* BulkOperations).get(id)
    yield* output.result(Operation.text(operation), Operation.event(operation))
  }).pipe(Effect.provide(Cloudflare.layer(shared)))
})
