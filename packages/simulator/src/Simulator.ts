/**
 * An embedded Cloudflare Lists API that other people's clients believe.
 *
 * It answers as Cloudflare does, without sockets (`layerHttpClient`) wherever Effect runs, or on real ones with
 * `SimulatorServer` of `@bulk-operations/simulator/node`. Its time is Effect's `Clock`: `TestClock` lets an hour pass at
 * once, and a demo runs in real time. The `Simulator` service scripts it and tells what it received.
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

/** The account of the simulator's own methods, unless they are told another. Every other id of 32 characters is an account as well. */
export const accountId = Account.defaultId

/** Scripts a running simulator, and tells what became of it. */
export class Simulator extends Context.Service<Simulator, {
  /** What a client takes instead of `https://api.cloudflare.com/client/v4`. */
  readonly baseUrl: string

  /**
   * From now on, requests meet this fault. Of several faults that spoil an answer, the one that was injected first wins;
   * latency and clock skew add up.
   */
  readonly inject: (fault: Draw<Fault.Fault>, when?: Fault.When) => Effect.Effect<void>

  /** Takes back all faults. Requests that have met one already go on with it. */
  readonly clearFaults: Effect.Effect<void>

  /** The next writes follow these plans, in order, where they say something; then the options hold again. */
  readonly planNext: (...plans: ReadonlyArray<OperationPlan>) => Effect.Effect<void>

  /** A list with items, at once and without an operation. Gives its id. */
  readonly createList: (list: NewList) => Effect.Effect<string, SimulatorError.SimulatorError>

  /**
   * An operation that touches no list, as if someone else had started it. It is accepted whatever is pending, and
   * counts as pending for the writes after it. Gives its id.
   */
  readonly startOperation: (
    options?: NewOperation
  ) => Effect.Effect<BulkOperation.OperationId, SimulatorError.SimulatorError>

  /** Moves an operation on by hand, from `pending` to `running`. */
  readonly begin: (id: string) => Effect.Effect<void, SimulatorError.SimulatorError>

  /** Ends an operation by hand, whatever was planned for it. It takes effect now. */
  readonly complete: (id: string) => Effect.Effect<void, SimulatorError.SimulatorError>

  /** Ends an operation by hand, without effect and with this text. */
  readonly fail: (id: string, error: string) => Effect.Effect<void, SimulatorError.SimulatorError>

  /** The requests received so far, oldest first, never with a credential in it. */
  readonly requests: Effect.Effect<ReadonlyArray<ReceivedRequest>>

  /** All lists and operations, account by account, in the order in which they were created. */
  readonly state: Effect.Effect<State>
}>()("@bulk-operations/simulator/Simulator") {}

/**
 * The simulator as an `HttpClient`, without sockets: it answers every request, whatever its host. Its `baseUrl` is
 * Cloudflare's own, so that a client with its defaults will do.
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
