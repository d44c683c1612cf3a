/** Checks the options that a program passed in: an invalid one is a defect in the program. All of them throw. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { Draw } from "../Draw.ts"
import { Endpoint } from "../Endpoint.ts"
import type { When } from "../Fault.ts"
import type { OperationPlan, Outcome } from "../OperationPlan.ts"
import type { Limits, Options } from "../SimulatorOptions.ts"
import type { TimestampFormat } from "./timestamp.ts"

const shown = (value: unknown): string =>
  typeof value === "string"
    ? JSON.stringify(value)
    : Duration.isDuration(value)
    ? Duration.format(value)
    : Inspectable.toStringUnknown(value, 0)

const refuse = (option: string, value: unknown, rule: string): never => {
  throw new RangeError(`${option} is ${shown(value)}. ${rule}`)
}

/** Any duration, even a negative one, in milliseconds. */
const millisOf = (option: string, input: Duration.Input): number => {
  const millis = Option.match(Duration.fromInput(input), { onNone: () => Number.NaN, onSome: Duration.toMillis })
  if (!Number.isNaN(millis) && !Number.isNaN(input)) return millis
  throw new RangeError(
    `${option} is ${shown(input)}, which is no duration. ` +
      `Give milliseconds, a Duration, or a text such as "10 minutes" or "500 millis".`
  )
}

/** The duration in milliseconds, zero or longer. */
export const notNegative = (option: string, input: Duration.Input): number => {
  const millis = millisOf(option, input)
  return millis >= 0 ? millis : refuse(option, input, "It must not be negative.")
}

/** The duration in milliseconds, zero or longer, and finite. */
export const finite = (option: string, input: Duration.Input): number => {
  const millis = notNegative(option, input)
  return Number.isFinite(millis) ? millis : refuse(option, input, "It must be finite.")
}

/** A duration ahead, or behind if negative. */
export const shift = (
  option: string,
  input: Duration.Input,
  isRight: (millis: number) => boolean,
  most: string
): Duration.Duration => {
  const millis = millisOf(option, input)
  return isRight(Math.abs(millis))
    ? Duration.millis(millis)
    : refuse(option, input, `It must be ${most}, ahead or behind.`)
}

/** A number of `minimum` or more. */
export const atLeast = (option: string, minimum: number, value: number): number =>
  value >= minimum ? value : refuse(option, value, `It must be ${minimum} or more.`)

/** A whole number of `minimum` or more, or `Infinity`. */
export const count = (option: string, minimum: number, value: number | undefined): void => {
  if (value === undefined || atLeast(option, minimum, value) === Infinity || Number.isInteger(value)) return
  refuse(option, value, "It must be a whole number, or Infinity.")
}

/** A whole number from 0 to `maximum`. */
export const upTo = (option: string, maximum: number, value: number | undefined): void => {
  if (value === undefined) return
  if (atLeast(option, 0, value) > maximum) refuse(option, value, `It must be ${maximum} or less.`)
  if (!Number.isInteger(value)) refuse(option, value, "It must be a whole number.")
}

/** A number of `minimum` or more, and finite. */
export const finiteAtLeast = (option: string, minimum: number, value: number): void => {
  if (!Number.isFinite(atLeast(option, minimum, value))) refuse(option, value, "It must be finite.")
}

/** One of several values. */
export const oneOf = <A>(option: string, all: ReadonlyArray<A>, value: A): void => {
  if (!all.includes(value)) refuse(option, value, `It must be one of ${all.join(", ")}.`)
}

export const notEmpty = (option: string, values: ReadonlyArray<unknown>): void => {
  if (values.length === 0) throw new RangeError(`${option} is empty. Give one or more.`)
}

/** The bounds of a random duration, in milliseconds. */
export const bounds = (
  minimum: Duration.Input,
  maximum: Duration.Input
): { readonly from: number; readonly to: number } => {
  const from = finite("minimum", minimum)
  const to = finite("maximum", maximum)
  return to < from ? refuse("maximum", maximum, "It must not be shorter than the minimum.") : { from, to }
}

/** The weights of random choices. */
export const weights = (all: ReadonlyArray<number>): void => {
  for (const weight of all) finiteAtLeast("weight", 0, weight)
  if (all.every((weight) => weight === 0)) refuse("weight", 0, "One or more must be more than 0.")
}

/** A fixed duration is checked at once; one that is random, when it is drawn. */
export const fixed = (option: string, input: Draw<Duration.Input> | undefined): void => {
  if (input !== undefined && !Effect.isEffect(input)) notNegative(option, input)
}

export const outcome = (value: Outcome): Outcome => {
  const isOutcome = Predicate.isTagged(value, "Completed") ||
    (Predicate.isTagged(value, "Failed") && Predicate.isString(value.error))
  return isOutcome
    ? value
    : refuse("outcome", value, "It must be OperationPlan.completed or OperationPlan.failed(text).")
}

export const plan = (given: OperationPlan): void => {
  fixed("duration", given.duration)
  fixed("pendingFor", given.pendingFor)
  fixed("readableAfter", given.readableAfter)
  if (given.outcome !== undefined && !Effect.isEffect(given.outcome)) outcome(given.outcome)
}

export const when = ({ after, on, probability, times }: When): void => {
  count("after", 0, after)
  count("times", 0, times)
  if (probability !== undefined && !(probability >= 0 && probability <= 1)) {
    refuse("probability", probability, "It must be from 0 to 1.")
  }
  if (on === undefined) return
  for (const endpoint of typeof on === "string" ? [on] : on) oneOf("on", Endpoint.literals, endpoint)
}

const limits = ({ pendingOperations, requests, samePath, window }: Limits): void => {
  count("limits.pendingOperations", 1, pendingOperations)
  count("limits.requests", 1, requests)
  count("limits.samePath", 1, samePath)
  if (window !== undefined && finite("limits.window", window) === 0) {
    refuse("limits.window", window, "It must be longer than zero.")
  }
}

const timestamps = ({ fractionDigits, offset }: TimestampFormat): void => {
  upTo("timestamps.fractionDigits", 9, fractionDigits)
  if (offset === undefined || offset === "Z" || offset === "z") return
  shift("timestamps.offset", offset, (millis) => millis < 86_400_000, "shorter than a day")
}

/** All options of a simulator. */
export const options = (given: Options): void => {
  plan(given)
  limits(given.limits ?? {})
  timestamps(given.timestamps ?? {})
  count("keepRequests", 0, given.keepRequests)
  count("keepRequestBytes", 0, given.keepRequestBytes)
}
