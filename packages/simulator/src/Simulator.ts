/**
 * An embedded Cloudflare Lists API that other people's clients believe.
 *
 * It answers like Cloudflare, but its time is Effect's `Clock`, and its durations, outcomes and faults are scripted.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { ServeError } from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as NetAddress from "effect/net/NetAddress"
import * as Application from "./internal/application.ts"
import * as Credentials from "./internal/credentials.ts"
import * as InMemory from "./internal/httpClient.ts"
import * as Randomness from "./internal/randomness.ts"
import * as RequestLimit from "./internal/requestLimit.ts"
import * as State from "./internal/state.ts"
import type { TimestampFormat } from "./internal/timestamp.ts"
import type { OperationPlan } from "./OperationPlan.ts"

export type { ReceivedRequest } from "./internal/application.ts"
export type { Credential } from "./internal/credentials.ts"
export type { TimestampFormat } from "./internal/timestamp.ts"

/** The account that the simulator's own methods use unless told otherwise. Any other id is an account as well. */
export const accountId = BulkOperation.AccountId.make("023e105f4ecef8ad9ca31a8372d0c353")

/** How to script a running simulator, and to see what became of it. */
export class Simulator extends Context.Service<Simulator, {
  /** What a client takes for `https://api.cloudflare.com/client/v4`. */
  readonly baseUrl: string
  /** The next operations follow these plans, in order; those after them the plan of the options again. */
  readonly planNext: (...plans: ReadonlyArray<OperationPlan>) => Effect.Effect<void>
  /** Starts an operation that touches no list. It counts as pending, but is accepted whatever else is pending. */
  readonly startOperation: (
    options?: OperationPlan & { readonly accountId?: string }
  ) => Effect.Effect<BulkOperation.OperationId>
  /** Every request received so far, without its credential. */
  readonly requests: Effect.Effect<ReadonlyArray<Application.ReceivedRequest>>
}>()("@bulk-operations/simulator/Simulator") {}

export interface Options extends OperationPlan {
  /** Two runs with the same seed and the same requests are the same. */
  readonly seed?: string | number
  readonly limits?: Limits
  /** The accepted credentials. By default any are. */
  readonly credentials?: ReadonlyArray<Credentials.Credential>
  readonly timestamps?: TimestampFormat
}

/** `Infinity` switches a limit off. */
export interface Limits {
  /** Operations of one account that may be pending or running; 1 by default. */
  readonly pendingOperations?: number
  /** Requests per credential and `window`; 1,200 by default. */
  readonly requests?: number
  /** 5 minutes by default; also how long a credential is blocked. */
  readonly window?: Duration.Input
}

export interface ServerOptions extends Options {
  readonly port?: number
}

const makeApplication = Effect.fnUntraced(function*(options: Options) {
  const { credentials, limits = {}, seed = "simulator", timestamps = {} } = options
  const clock = yield* Clock.Clock
  const randomness = yield* Randomness.make(seed)
  const state = State.make({ plan: options, pendingOperations: limits.pendingOperations ?? 1, randomness })
  const application = Application.make({
    state,
    randomness,
    clock,
    requestLimit: RequestLimit.make(
      limits.requests ?? 1200,
      Duration.fromInputUnsafe(limits.window ?? "5 minutes")
    ),
    accepted: credentials === undefined ? undefined : new Set(credentials.map(Credentials.identity)),
    timestamps
  })
  const control = (baseUrl: string): Simulator["Service"] => ({
    baseUrl,
    planNext: (...plans) => Effect.sync(() => state.planNext(plans)),
    startOperation: Effect.fn("Simulator.startOperation")(
      function*({ accountId: id = accountId, ...plan }: OperationPlan & { readonly accountId?: string } = {}) {
        const now = yield* Clock.currentTimeMillis
        const operation = yield* state.start(state.account(id, now), now, plan)
        return BulkOperation.OperationId.make(operation.id)
      },
      Effect.provideService(Clock.Clock, clock)
    ),
    requests: Effect.sync(() => [...application.requests])
  })
  return { application, control }
})

/** The base URL of Cloudflare itself, which clients have by default. */
const cloudflare = "https://api.cloudflare.com/client/v4"

/** An `HttpClient` whose every request is answered by the simulator, whatever the host. */
export const layerHttpClient = (options: Options = {}): Layer.Layer<Simulator | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(
      makeApplication(options),
      ({ application, control }) =>
        Context.make(Simulator, control(cloudflare)).pipe(
          Context.add(HttpClient.HttpClient, InMemory.make(application))
        )
    )
  )

/** A real server on 127.0.0.1, on a free port by default. */
export const layerServer = (options: ServerOptions = {}): Layer.Layer<Simulator, ServeError> =>
  Layer.effect(
    Simulator,
    Effect.gen(function*() {
      // Node's server is loaded only where it is served.
      const NodeServer = yield* Effect.promise(() => import("./internal/nodeServer.ts"))
      const { application, control } = yield* makeApplication(options)
      const { address } = yield* NodeServer.serve(application, { host: "127.0.0.1", port: options.port ?? 0 })
      return control(`${NetAddress.formatUrlUnsafe(address)}/client/v4`)
    })
  )
