/**
 * What can go wrong between a client and Cloudflare, and when it does.
 *
 * Some faults spoil the answer to a request that was carried out; others come instead of it, and the request had no
 * effect. Where both happen in the world, `carriedOut: true` asks for the worse one: the write has been accepted, and
 * the client does not hear of it.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schema from "effect/Schema"
import * as Draw from "./Draw.ts"
import type { Endpoint } from "./Endpoint.ts"

/** Something that goes wrong with a request. The functions and values of this module make them. */
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

/** The statuses for which Cloudflare's edge answers with a page of its own. */
export type HtmlStatus = 502 | 503 | 504 | 520

/** Keys and what becomes of their values; `undefined` takes the key away. */
export type Edit = Readonly<Record<string, Schema.Json | undefined>>

const Fault = Data.taggedEnum<Fault>()

/** Which requests a fault meets. Without options, all of them. */
export interface When {
  /** Only requests to these endpoints. */
  readonly on?: Endpoint | ReadonlyArray<Endpoint>
  /** Lets so many of them pass first. */
  readonly after?: number
  /** Meets no more than so many. */
  readonly times?: number
  /** Meets each of them with this probability, from 0 to 1. */
  readonly probability?: number
}

/** What can be said about a fault that comes instead of an answer. */
export interface CarriedOut {
  /** Whether the request takes effect nevertheless; `false` by default. */
  readonly carriedOut?: boolean
}

/** The request is carried out at once, and its answer held back for so long. Adds to any other fault. */
export const latency = (by: Draw.Draw<Duration.Input>): Fault => Fault.Latency({ by })

/** No answer ever comes (`before`, the default), or its head and half its body do and no more (`in`). */
export const stall = (
  { at = "before", carriedOut = false }: CarriedOut & { readonly at?: "before" | "in" } = {}
): Fault => Fault.Stall({ at, carriedOut })

/**
 * The connection breaks: `before` anything of the answer has come, `in` the middle of its body, or `after` the whole
 * answer has come, so that only a client that goes on using the connection will notice.
 */
export const reset = (at: "before" | "in" | "after", { carriedOut = false }: CarriedOut = {}): Fault =>
  Fault.Reset({ at, carriedOut })

/** The body stops halfway; its length says that it is whole. */
export const truncatedJson: Fault = Fault.TruncatedJson()

/** A page of HTML, as Cloudflare's edge has it for people. */
export const htmlError = (status: HtmlStatus, { carriedOut = false }: CarriedOut = {}): Fault =>
  Fault.HtmlError({ status, carriedOut })

/** A success whose JSON is not what the endpoint promises: an envelope with an unheard-of `result`, or another body. */
export const wrongShape = (body: Schema.Json = unheardOf): Fault => Fault.WrongShape({ body })

const unheardOf = { result: { unheard: "of" }, success: true, errors: [], messages: [] }

/**
 * An operation is told with other values for some of its keys: `{ completed: null }`, or `{ error: undefined }` to leave
 * one out. Only `lists.bulkOperations.get` can meet this.
 */
export const editedOperation = (edit: Edit): Fault => Fault.EditedOperation({ edit })

/** An operation has a status that is none of the four. */
export const unknownStatus = (status = "paused"): Fault => editedOperation({ status })

/** The operation told of is not the one that was asked for. */
export const otherOperation = (id = "00000000000000000000000000000000"): Fault => editedOperation({ id })

/** 401: the token is not known. Together with `after`, it has been revoked. */
export const unauthorized: Fault = Fault.Unauthorized()

/** 400: what is sent cannot be a token. */
export const malformedCredentials: Fault = Fault.MalformedCredentials()

/** 403: the token has no right to this. */
export const forbidden: Fault = Fault.Forbidden()

/** 404 for what is there. Together with `times`, it cannot be found yet. */
export const notFound: Fault = Fault.NotFound()

/** 429, with `Retry-After` (whole seconds, rounded up) where it is given. */
export const rateLimited = ({ retryAfter }: { readonly retryAfter?: Duration.Input } = {}): Fault =>
  Fault.RateLimited({ retryAfter: retryAfter === undefined ? undefined : Duration.fromInputUnsafe(retryAfter) })

/**
 * Cloudflare's clock is ahead by so much, or behind if negative: `Date` and all times in the answer. Adds to others.
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
export const clockSkew = (by: Duration.Input): Fault => Fault.ClockSkew({ by: Duration.fromInputUnsafe(by) })

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
 * One fault of each kind there is.
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

/** Any of these, each as likely. */
export const anyOf = (faults: ReadonlyArray<Fault>): Effect.Effect<Fault> => Effect.orDie(Random.choice(faults))
