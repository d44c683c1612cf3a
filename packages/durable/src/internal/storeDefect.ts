/** Failures of a store: named in messages, or retried. */
import { PersistenceError } from "effect/cluster/ClusterError"
import * as Effect from "effect/Effect"
import { StoreError } from "../StoreError.ts"

/** Whether the store could not be read or written. */
export const isPersistenceError = (defect: unknown): defect is PersistenceError => defect instanceof PersistenceError

const nameOf = (error: PersistenceError) => new StoreError({ problem: "failed", cause: error.cause })

// It was serialized in the store, which keeps only the name of a class.
const malformed = "~effect/cluster/ClusterError/MalformedMessage"

/** Gives a defect from the store a message that says so: those of the cluster have none. */
export const name = (defect: unknown): unknown => {
  if (isPersistenceError(defect)) return nameOf(defect)
  return defect instanceof Error && defect.name === malformed
    ? new StoreError({ problem: "unreadable", cause: defect.cause })
    : defect
}

/** Names defects that come from the store. */
export const named = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchDefect(effect, (defect) => Effect.die(name(defect)))

const shortestDelay = 100
const longestDelay = 5000

/**
 * Retries for as long as the effect dies because of the store. Between attempts it can be interrupted, even within an
 * uninterruptible region, because a process must be able to end while its database is away.
 */
export const outlasting = (what: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const attempt = (delay: number): Effect.Effect<A, E, R> =>
    Effect.catchDefect(effect, (defect) =>
      isPersistenceError(defect)
        ? Effect.logWarning(`${nameOf(defect).message}. ${what} is tried again.`).pipe(
          Effect.andThen(Effect.interruptible(Effect.sleep(delay))),
          Effect.andThen(Effect.suspend(() => attempt(Math.min(2 * delay, longestDelay))))
        )
        : Effect.die(defect))
  return attempt(shortestDelay)
}
