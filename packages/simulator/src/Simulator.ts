/**
 * An embedded Cloudflare Lists API that works with any client.
 *
 * It answers like Cloudflare, without sockets (`layerHttpClient`) wherever Effect runs, or on real ones with
 * `SimulatorServer` of `@bulk-operations/simulator/node`. It uses Effect's `Clock`: with `TestClock` an hour passes at
 * once, and a demo runs in real time. The `Simulator` service scripts it and reports what it received.
 */
import type * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { Draw } from "./Draw.ts"
import type * as Fault from "./Fault.ts"
import * as Account from "./internal/account.ts"
import * as InMemory from "./internal/httpClient.ts"
import * as Make from "./internal/make.ts"
import type { ReceivedRequest } from "./internal/requestLog.ts"
import type { OperationPlan } from "./OperationPlan.ts"
import type * as SimulatorError from "./SimulatorError.ts"
import type { Options } from "./SimulatorOptions.ts"
import type { NewList, NewOperation, State } from "./SimulatorState.ts"

export type { ReceivedRequest } from "./internal/requestLog.ts"
export type * from "./SimulatorOptions.ts"
export type * from "./SimulatorState.ts"

/** The default account of the simulator's own methods. Every other id of 32 characters is an account as well. */
export const accountId = Account.defaultId

/** Scripts a running simulator, and reports its state. */
export class Simulator extends Context.Service<Simulator, {
  /** The base URL for clients, instead of `https://api.cloudflare.com/client/v4`. */
  readonly baseUrl: string

  /**
   * Makes requests meet this fault from now on. Of several faults that replace or damage an answer, only the first
   * injected one applies; latency and clock skew add up.
   */
  readonly inject: (fault: Draw<Fault.Fault>, when?: Fault.When) => Effect.Effect<void>

  /** Removes all faults. Requests that have already met one are still affected. */
  readonly clearFaults: Effect.Effect<void>

  /** Plans the next writes, in order. Parts left out of a plan, and later writes, follow the options. */
  readonly planNext: (...plans: ReadonlyArray<OperationPlan>) => Effect.Effect<void>

  /** Creates a list with items, at once and without an operation, and returns its id. */
  readonly createList: (list: NewList) => Effect.Effect<string, SimulatorError.SimulatorError>

  /**
   * Starts an operation that changes no list, as if someone else had started it, and returns its id. It is accepted
   * even if another one is pending, and counts as pending for later writes.
   */
  readonly startOperation: (
    options?: NewOperation
  ) => Effect.Effect<BulkOperation.OperationId, SimulatorError.SimulatorError>

  /** Advances an operation from `pending` to `running`. */
  readonly begin: (id: string) => Effect.Effect<void, SimulatorError.SimulatorError>

  /** Completes an operation now, whatever its plan. It takes effect. */
  readonly complete: (id: string) => Effect.Effect<void, SimulatorError.SimulatorError>

  /** Makes an operation fail now, with this text and without effect. */
  readonly fail: (id: string, error: string) => Effect.Effect<void, SimulatorError.SimulatorError>

  /** The requests received so far, oldest first, without credentials. */
  readonly requests: Effect.Effect<ReadonlyArray<ReceivedRequest>>

  /** All lists and operations, by account, in order of creation. */
  readonly state: Effect.Effect<State>
}>()("@bulk-operations/simulator/Simulator") {}

/**
 * The simulator as an `HttpClient`, without sockets: it answers every request, whatever its host. Its `baseUrl` is
 * Cloudflare's own, so a client with default settings works.
 *
 * @example
 * import { Simulator } from "@bulk-operations/simulator"
 * import { Effect } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const status = HttpClient.get("https://api.cloudflare.com/client/v4/user/tokens/verify").pipe(
 *   Effect.map((response) => response.status),
 *   Effect.provide(Simulator.layerHttpClient())
 * )
 * await Effect.runPromise(status) // => 400
 */
export const layerHttpClient = (options: Options = {}): Layer.Layer<Simulator | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(
      Make.make(options),
      ({ application, control }) =>
        Context.make(Simulator, { ...control, baseUrl: "https://api.cloudflare.com/client/v4" }).pipe(
          Context.add(HttpClient.HttpClient, InMemory.make(application))
        )
    )
  )
