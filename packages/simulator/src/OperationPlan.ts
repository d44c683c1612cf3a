/**
 * How long an operation takes and how it ends.
 *
 * Each part is a value, or an effect that draws one: it is run once per operation, with the simulator's own seeded
 * `Random`, so that a run can be repeated.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** A value, or an effect that draws one. */
export type Draw<A> = A | Effect.Effect<A>

export interface OperationPlan {
  /**
   * From the answer to the write until the operation ends. 3 seconds by default: Cloudflare promises nothing, and small
   * operations have been seen to end within seconds. `"Infinity"` never ends, unless it is ended by hand.
   */
  readonly duration?: Draw<Duration.Input>
  /** The first part of `duration`, spent as `pending`; the rest is `running`. 500 milliseconds by default. */
  readonly pendingFor?: Draw<Duration.Input>
  /** `completed` by default. */
  readonly outcome?: Draw<Outcome>
}

/** `Completed`, or `Failed` with Cloudflare's free text. A failed operation changes nothing. */
export type Outcome = Data.TaggedEnum<{
  Completed: {}
  Failed: { readonly error: string }
}>

const outcomes = Data.taggedEnum<Outcome>()

/** The operation takes effect. */
export const completed: Outcome = outcomes.Completed()

/** The operation changes nothing and says why. */
export const failed = (error: string): Outcome => outcomes.Failed({ error })

/**
 * Any duration between two, each as likely.
 *
 * @example
 * import { OperationPlan } from "@bulk-operations/simulator"
 * import { Duration, Effect, Random } from "effect"
 *
 * const drawn = Effect.runSync(OperationPlan.between("1 second", "2 seconds").pipe(Random.withSeed("a run")))
 * Duration.between(drawn, { minimum: "1 second", maximum: "2 seconds" }) // => true
 */
export const between = (minimum: Duration.Input, maximum: Duration.Input): Effect.Effect<Duration.Duration> =>
  Effect.map(
    Random.nextBetween(Duration.toMillis(minimum), Duration.toMillis(maximum)),
    Duration.millis
  )

/** Mostly about `median`, now and then far longer: one in forty takes over `spread²` times the median. */
export const logNormal = (
  { median, spread = 2 }: { readonly median: Duration.Input; readonly spread?: number }
): Effect.Effect<Duration.Duration> =>
  // Box and Muller's normal variate; `1 - u` is never zero.
  Effect.zipWith(
    Random.next,
    Random.next,
    (u, v) => {
      const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
      return Duration.times(Duration.fromInputUnsafe(median), spread ** normal)
    }
  )

/**
 * One of several values, each as likely as its weight is large.
 *
 * @example
 * import { OperationPlan } from "@bulk-operations/simulator"
 *
 * const plan: OperationPlan.OperationPlan = {
 *   duration: OperationPlan.logNormal({ median: "5 seconds" }),
 *   outcome: OperationPlan.oneOf([9, OperationPlan.completed], [1, OperationPlan.failed("list is full")])
 * }
 */
export const oneOf = <A>(
  first: readonly [weight: number, value: A],
  ...others: ReadonlyArray<readonly [weight: number, value: A]>
): Effect.Effect<A> => {
  const total = others.reduce((sum, [weight]) => sum + weight, first[0])
  return Effect.map(Random.nextBetween(0, total), (drawn) => {
    let rest = drawn
    const hit = [first, ...others].find(([weight]) => (rest -= weight) < 0)
    return (hit ?? first)[1]
  })
}
