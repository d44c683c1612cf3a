/**
 * An embedded Cloudflare Lists API that other people's clients believe.
 *
 * It answers as Cloudflare does, without sockets (`layerHttpClient`) wherever Effect runs, or on real ones with
 * `SimulatorServer` of `@bulk-operations/simulator/node`. Its time is Effect's `Clock`: `TestClock` lets an hour pass at
 * once, and a demo runs in real time. The `Simulator` service scripts it and tells what it received.
 */
import type * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { Draw } from "./Draw.ts"
import type * as Fault from "./Fault.ts"
import * as Account from "./internal/account.ts"
import type { Credential } from "./internal/credentials.ts"
import * as InMemory from "./internal/httpClient.ts"
import type { Kind } from "./internal/item.ts"
import * as Make from "./internal/make.ts"
import type { ReceivedRequest } from "./internal/requestLog.ts"
import type { TimestampFormat } from "./internal/timestamp.ts"
import type { OperationPlan } from "./OperationPlan.ts"
import type * as SimulatorError from "./SimulatorError.ts"

export type { Credential } from "./internal/credentials.ts"
export type { Kind } from "./internal/item.ts"
export type { ReceivedRequest } from "./internal/requestLog.ts"
export type { TimestampFormat } from "./internal/timestamp.ts"

/** The account of the simulator's own methods, unless they are told another. Every other id is an account as well. */
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
  readonly startOperation: (options?: NewOperation) => Effect.Effect<BulkOperation.OperationId>

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

export interface NewList {
  readonly name: string
  readonly kind: Kind
  readonly description?: string
  /** As they are written to the API: `{ ip: "192.0.2.1", comment: "a scanner" }`. */
  readonly items?: ReadonlyArray<Schema.JsonObject>
  /** In how many rules the list is used; with any, it cannot be deleted. */
  readonly references?: number
  /** `Simulator.accountId` by default. */
  readonly accountId?: string
}

export interface NewOperation extends OperationPlan {
  /** `Simulator.accountId` by default. */
  readonly accountId?: string
}

export interface State {
  readonly lists: ReadonlyArray<{
    readonly accountId: string
    readonly id: string
    readonly name: string
    readonly kind: Kind
    /** As the API answers them. */
    readonly items: ReadonlyArray<Schema.JsonObject>
  }>
  readonly operations: ReadonlyArray<{
    readonly accountId: string
    /** None if it was started with `startOperation`. */
    readonly listId: Option.Option<string>
    readonly acceptedAt: DateTime.Utc
    readonly operation: BulkOperation.BulkOperation
  }>
}

/** How operations go, unless `planNext` says otherwise, and the rest of the simulated world. */
export interface Options extends OperationPlan {
  /** Two simulators with the same seed that receive the same requests answer the same. */
  readonly seed?: string | number
  readonly limits?: Limits
  /** The accepted credentials. By default any are; a request without any is refused in any case. */
  readonly credentials?: ReadonlyArray<Credential>
  /** How times are written; `2026-01-31T08:00:00Z` by default. */
  readonly timestamps?: TimestampFormat
  /** So many of the latest requests are remembered; 10,000 by default. */
  readonly keepRequests?: number
}

/**
 * Cloudflare's limits; `Infinity` switches one off.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits, and the official client for the first one.
 */
export interface Limits {
  /** Operations of one account that have not ended; 1 by default. With more, those of one list run one by one. */
  readonly pendingOperations?: number
  /** Requests of one credential within `window`; 1,200 by default. Without it, there are no `Ratelimit` headers. */
  readonly requests?: number
  /** 5 minutes by default. A credential that exceeds its requests is blocked for as long again. */
  readonly window?: Duration.Input
}

/**
 * The simulator as an `HttpClient`, without sockets: it answers every request, whatever its host. Its `baseUrl` is
 * Cloudflare's own, so that a client with its defaults will do.
 *
 * @example
 * import { Simulator } from "@bulk-operations/simulator"
 * import { Effect } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * const status = HttpClient.get("https://api.cloudflare.com/client/v4/accounts/any/rules/lists").pipe(
 *   Effect.map((response) => response.status),
 *   Effect.provide(Simulator.layerHttpClient())
 * )
 * await Effect.runPromise(status) // => 403
 */
export const layerHttpClient = (options: Options = {}): Layer.Layer<Simulator | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(
      Make.make(options),
      ({ application, control }) =>
        Context.make(Simulator, control("https://api.cloudflare.com/client/v4")).pipe(
          Context.add(HttpClient.HttpClient, InMemory.make(application))
        )
    )
  )
