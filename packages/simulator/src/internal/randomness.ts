/**
 * Reproducible randomness. Each use has its own stream, so that one more fault does not change the durations, nor one
 * more operation the ids.
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

const variant = (digit: string): string => (Number.parseInt(digit, 16) % 4 + 8).toString(16)

/** In the shape of a recorded `Cf-Auditlog-Id`: a UUID of version 7, which begins with the time. */
export const auditLogId = (random: Random.Random, now: number): string => {
  const time = now.toString(16).padStart(12, "0")
  const drawn = hex(random, 24)
  const group = `${variant(drawn.charAt(3))}${drawn.slice(4, 7)}`
  return `${time.slice(0, 8)}-${time.slice(8)}-7${drawn.slice(0, 3)}-${group}-${drawn.slice(7, 19)}`
}

/** 32 hexadecimal digits in the shape of Cloudflare's ids: a UUID of version 4 without hyphens. */
export const uuid = (random: Random.Random): string => {
  const digits = hex(random, 32)
  return `${digits.slice(0, 12)}4${digits.slice(13, 16)}${variant(digits.charAt(16))}${digits.slice(17)}`
}
