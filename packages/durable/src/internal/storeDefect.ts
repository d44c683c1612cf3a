/**
 * Defects of a store, with a message that says so: those of the cluster have none.
 */
import { PersistenceError } from "effect/cluster/ClusterError"
import * as Effect from "effect/Effect"
import { StoreError } from "../StoreError.ts"

/** Says of defects that come from the store that they do. */
export const named = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchDefect(
    effect,
    (defect) => Effect.die(defect instanceof PersistenceError ? new StoreError({ cause: defect.cause }) : defect)
  )
