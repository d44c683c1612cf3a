/**
 * Chance that can be repeated. Each use draws from a stream of its own, so that one more fault does not change the
 * durations, nor one more operation the ids.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

export interface Randomness {
  readonly ids: Random.Random
  readonly rays: Random.Random
  readonly plans: Random.Random
  readonly faults: Random.Random
}

const stream = (seed: string) => Random.Random.pipe(Random.withSeed(seed))

export const make = (seed: string | number): Effect.Effect<Randomness> =>
  Effect.all({
    ids: stream(`${seed}/ids`),
    rays: stream(`${seed}/rays`),
    plans: stream(`${seed}/plans`),
    faults: stream(`${seed}/faults`)
  })

/** `digits` hexadecimal digits, a multiple of eight. */
export const hex = (random: Random.Random, digits: number): string => {
  let text = ""
  while (text.length < digits) text += Math.floor(random.nextDoubleUnsafe() * 2 ** 32).toString(16).padStart(8, "0")
  return text
}
