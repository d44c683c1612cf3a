/**
 * Faults between a client and Cloudflare, and which requests meet them.
 *
 * Some faults damage the answer to a request that was carried out; others replace the answer, and the request has no
 * effect. If both happen in practice, `carriedOut: true` selects the worse case: the write was accepted, but the client
 * does not learn of it.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schema from "effect/Schema"
import * as Draw from "./Draw.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as OptionChecks from "./internal/optionChecks.ts"

/** A fault of a request. Use the functions and values of this module to make one. */
export type Fault = Data.TaggedEnum<{
  Latency: { readonly by: Draw.Draw<Duration.Input> }
  Stall: { readonly at: "before" | "in"; readonly carriedOut: boolean }
  Reset: { readonly at: "before" | "in" | "after"; readonly carriedOut: boolean }
  TruncatedJson: {}
  HtmlError: { readonly status: HtmlStatus; readonly carriedOut: boolean }
  WrongShape: { readonly body: Schema.Json }
  EditedOperation: { readonly edit: Edit }
  Unauthorized: {}
  MalformedCredentials: {}
  Forbidden: {}
  NotFound: {}
  RateLimited: { readonly retryAfter: Duration.Duration | undefined }
  ClockSkew: { readonly by: Duration.Duration }
}>

/** The statuses for which Cloudflare's edge answers with an HTML page. */
export type HtmlStatus = 502 | 503 | 504 | 520

/** Keys with their new values; `undefined` removes the key. */
export type Edit = Readonly<Record<string, Schema.Json | undefined>>

const Fault = Data.taggedEnum<Fault>()

// The resulting date must be valid.
const longestSkew = Duration.toMillis(Duration.days(36_500))

/** Which requests a fault meets. Without options, all of them. */
export interface When {
  /** Only requests to these endpoints. */
  readonly on?: Endpoint | ReadonlyArray<Endpoint>
  /** How many of them pass first. */
  readonly after?: number
  /** How many of them meet the fault at most. */
  readonly times?: number
  /** The probability that a request meets the fault, from 0 to 1. */
  readonly probability?: number
}

/** Options of a fault that replaces the answer. */
export interface CarriedOut {
  /** Whether the request still takes effect; `false` by default. */
  readonly carriedOut?: boolean
}

/** The request is carried out at once, but its answer is delayed. Combines with any other fault. */
export const latency = (by: Draw.Draw<Duration.Input>): Fault => {
  OptionChecks.fixed("latency", by)
  return Fault.Latency({ by })
}

/** No answer ever comes (`before`, the default), or only its head and half its body (`in`). */
export const stall = (
  { at = "before", carriedOut = false }: CarriedOut & { readonly at?: "before" | "in" } = {}
): Fault => {
  OptionChecks.oneOf("at", ["before", "in"], at)
  return Fault.Stall({ at, carriedOut })
}

/**
 * The connection breaks: `before` anything of the answer has arrived, `in` the middle of its body, or `after` the whole
 * answer, so that only a client that reuses the connection notices.
 */
export const reset = (at: "before" | "in" | "after", { carriedOut = false }: CarriedOut = {}): Fault => {
  OptionChecks.oneOf("at", ["before", "in", "after"], at)
  return Fault.Reset({ at, carriedOut })
}

/** The body ends halfway, but its `Content-Length` matches, as if it were complete. */
export const truncatedJson: Fault = Fault.TruncatedJson()

/** An HTML page, like those of Cloudflare's edge. */
export const htmlError = (status: HtmlStatus, { carriedOut = false }: CarriedOut = {}): Fault => {
  OptionChecks.oneOf("status", [502, 503, 504, 520], status)
  return Fault.HtmlError({ status, carriedOut })
}

/** A success with JSON of the wrong shape: an envelope with an unknown `result`, or another body. */
export const wrongShape = (body: Schema.Json = unheardOf): Fault => Fault.WrongShape({ body })

const unheardOf = { result: { unheard: "of" }, success: true, errors: [], messages: [] }

/**
 * Changes values of an operation in the answer: `{ completed: null }`, or `{ error: undefined }` to remove a key. Only
 * `lists.bulkOperations.get` can meet this.
 */
export const editedOperation = (edit: Edit): Fault => Fault.EditedOperation({ edit })

/** The operation has an unknown status. */
export const unknownStatus = (status = "paused"): Fault => editedOperation({ status })

/** The answer is about another operation. */
export const otherOperation = (id = "00000000000000000000000000000000"): Fault => editedOperation({ id })

/** 401: the token is unknown; with `after`, it was revoked. */
export const unauthorized: Fault = Fault.Unauthorized()

/** 400: the token is malformed. */
export const malformedCredentials: Fault = Fault.MalformedCredentials()

/** 403: the token lacks a permission. */
export const forbidden: Fault = Fault.Forbidden()

/** 404 for something that exists; with `times`, it cannot be found yet. */
export const notFound: Fault = Fault.NotFound()

/** 429, with `Retry-After` (whole seconds, rounded up) if given. */
export const rateLimited = ({ retryAfter }: { readonly retryAfter?: Duration.Input } = {}): Fault =>
  Fault.RateLimited({
    retryAfter: retryAfter === undefined ? undefined : Duration.millis(OptionChecks.finite("retryAfter", retryAfter))
  })

/**
 * Cloudflare's clock is ahead, or behind if negative: `Date` and all times in the answer. Combines with other faults.
 *
 * @example
 * import { Fault, Simulator } from "@bulk-operations/simulator"
 * import { Effect } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const program = Effect.gen(function*() {
 *   const { baseUrl, inject } = yield* Simulator.Simulator
 *   yield* inject(Fault.clockSkew("1 hour"))
 *   const { headers } = yield* HttpClient.get(`${baseUrl}/user/tokens/verify`)
 *   return Date.parse(headers["date"] ?? "") > Date.now() + 3_000_000
 * })
 * await Effect.runPromise(Effect.provide(program, Simulator.layerHttpClient())) // => true
 */
export const clockSkew = (by: Duration.Input): Fault =>
  Fault.ClockSkew({
    by: OptionChecks.shift("clockSkew", by, (millis) => millis <= longestSkew, "36500 days or less")
  })

/**
 * One transient fault of each kind: those a client should tolerate.
 *
 * @example
 * import { Fault, Simulator } from "@bulk-operations/simulator"
 * import { Effect } from "effect"
 *
 * const badDay = Effect.gen(function*() {
 *   const { inject } = yield* Simulator.Simulator
 *   yield* inject(Fault.anyOf(Fault.passing), { probability: 0.2 })
 * })
 * await Effect.runPromise(Effect.provide(badDay, Simulator.layerHttpClient({ seed: 42 })))
 */
export const passing: ReadonlyArray<Fault> = [
  latency(Draw.logNormal({ median: "500 millis" })),
  stall(),
  stall({ at: "in" }),
  reset("before"),
  reset("before", { carriedOut: true }),
  reset("in"),
  reset("after"),
  htmlError(502),
  htmlError(503),
  htmlError(504, { carriedOut: true }),
  htmlError(520),
  rateLimited(),
  rateLimited({ retryAfter: "2 seconds" })
]

/**
 * One fault of every kind.
 *
 * @example
 * import { Fault, Simulator } from "@bulk-operations/simulator"
 * import { Effect } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const faults = {
 *   "Cloudflare cannot be reached": Fault.htmlError(502),
 *   "the answer never comes": Fault.stall(),
 *   "the connection breaks, and the write has been accepted": Fault.reset("before", { carriedOut: true }),
 *   "half the answer comes": Fault.truncatedJson,
 *   "the answer is something else": Fault.wrongShape({ hello: "world" }),
 *   "an operation has no time of its end": Fault.editedOperation({ completed: null }),
 *   "an operation has an unheard-of status": Fault.unknownStatus("paused"),
 *   "another operation is told of": Fault.otherOperation(),
 *   "the credentials are damaged": Fault.malformedCredentials,
 *   "the token may not do this": Fault.forbidden,
 *   "there were too many requests": Fault.rateLimited({ retryAfter: "30 seconds" })
 * }
 * const statusOf = Effect.fnUntraced(function*(fault: Fault.Fault) {
 *   const { baseUrl, clearFaults, inject } = yield* Simulator.Simulator
 *   yield* clearFaults
 *   yield* inject(fault)
 *   return (yield* HttpClient.get(`${baseUrl}/user/tokens/verify`)).status
 * })
 * const told = Effect.forEach(["Cloudflare cannot be reached", "the token may not do this"] as const, (name) =>
 *   statusOf(faults[name])
 * )
 * await Effect.runPromise(Effect.provide(told, Simulator.layerHttpClient())) // => [502, 403]
 */
export const everyKind: ReadonlyArray<Fault> = [
  ...passing,
  truncatedJson,
  wrongShape(),
  unknownStatus(),
  otherOperation(),
  unauthorized,
  malformedCredentials,
  forbidden,
  notFound,
  clockSkew("90 seconds"),
  clockSkew("-90 seconds")
]

/** A random one of these, each equally likely. */
export const anyOf = (faults: ReadonlyArray<Fault>): Effect.Effect<Fault> => {
  OptionChecks.notEmpty("faults", faults)
  return Effect.orDie(Random.choice(faults))
}
