/**
 * Effect's runtime and nothing else: what every program on Effect carries.
 */
import { Effect } from "effect"
import type { Run } from "../../program.ts"

export const run: Run = () => Effect.runPromise(Effect.succeed({ status: "running" }))
