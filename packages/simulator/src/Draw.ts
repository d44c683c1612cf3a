/**
 * Values that may be random.
 *
 * The simulator has its own seeded `Random`, so that a run can be reproduced.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as OptionChecks from "./internal/optionChecks.ts"

/** A value, or an effect that draws one each time. */
export type Draw<A> = A | Effect.Effect<A>

/**
 * Draws a value, or returns a fixed one.
 *
 * @example
 * import { Draw } from "@bulk-operations/simulator"
 * import { Duration, Effect } from "effect"
 *
 * await Effect.runPromise(Draw.draw("3 seconds")) // => "3 seconds"
 * await Effect.runPromise(Draw.draw(Draw.between("1 second", "1 second"))) // => Duration.seconds(1)
 */
export const draw = <A>(value: Draw<A>): Effect.Effect<A> => Effect.isEffect(value) ? value : Effect.succeed(value)

/**
 * A duration from `minimum` to `maximum`, uniformly distributed. Both are finite and not negative.
 *
 * @example
 * import { Draw } from "@bulk-operations/simulator"
 * import { Duration, Effect, Random } from "effect"
 *
 * const drawn = Effect.runSync(Draw.between("1 second", "2 seconds").pipe(Random.withSeed("a run")))
 * Math.floor(Duration.toSeconds(drawn)) // => 1
 */
export const between = (minimum: Duration.Input, maximum: Duration.Input): Effect.Effect<Duration.Duration> => {
  const bounds = OptionChecks.bounds(minimum, maximum)
  return Effect.map(Random.nextBetween(bounds.from, bounds.to), Duration.millis)
}

/**
 * A duration that is usually near `median` and sometimes far longer: two thirds are within a factor of `spread` (2 by
 * default), and one in forty is over `spread²` times the median. `spread` is 1 or more.
 */
export const logNormal = (
  { median, spread = 2 }: { readonly median: Duration.Input; readonly spread?: number }
): Effect.Effect<Duration.Duration> => {
  const middle = Duration.millis(OptionChecks.finite("median", median))
  OptionChecks.finiteAtLeast("spread", 1, spread)
  return Effect.zipWith(Random.next, Random.next, (u, v) => {
    // Box and Muller's normal variate; `1 - u` is never zero.
    const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
    return Duration.times(middle, spread ** normal)
  })
}

/**
 * One of several values, with weighted probability. A weight of 0 is never drawn.
 *
 * @example
 * import { Draw, OperationPlan } from "@bulk-operations/simulator"
 *
 * const plan: OperationPlan.OperationPlan = {
 *   duration: Draw.logNormal({ median: "5 seconds" }),
 *   outcome: Draw.oneOf([9, OperationPlan.completed], [1, OperationPlan.failed("list is full")])
 * }
 */
export const oneOf = <A>(
  ...choices: readonly [readonly [weight: number, value: A], ...ReadonlyArray<readonly [weight: number, value: A]>]
): Effect.Effect<A> => {
  OptionChecks.weights(choices.map(([weight]) => weight))
  const total = choices.reduce((sum, [weight]) => sum + weight, 0)
  return Effect.map(Random.nextBetween(0, total), (drawn) => {
    let rest = drawn
    const [, value] = choices.find(([weight]) => (rest -= weight) < 0) ?? choices[0]
    return value
  })
}
