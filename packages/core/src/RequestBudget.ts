/**
 * One budget for everything that is sent with one set of credentials.
 *
 * Cloudflare counts what a user sends, whoever sends it, and blocks every call when it is too much. So each request
 * draws on a budget that belongs to the credentials and the base URL. The calls of the application are counted and never
 * delayed; what can wait (polls, bulk reading) makes room for them. Nobody has to know of it: it is a reference with a
 * default, and all of one process that uses the same credentials shares one.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Scope from "effect/Scope"
import type * as Credentials from "./Credentials.ts"
import * as Account from "./internal/budget/account.ts"
import * as Key from "./internal/budget/key.ts"
import * as Reach from "./internal/budget/reach.ts"

/** What a budget allows. */
export interface Settings {
  /**
   * How many requests Cloudflare allows per `window`. Default 1,200 in 5 minutes; infinite for no budget. A tighter limit
   * that answers name (`Ratelimit-Policy`) is kept to as well.
   *
   * Source: developers.cloudflare.com/fundamentals/api/reference/limits.
   */
  readonly limit: number
  readonly window: Duration.Input
  /**
   * The part of it that may be used up by what makes room, together with the calls of the application. Default 0.8: the
   * rest is for those who cannot be counted, such as the dashboard. At least one request per window is sent.
   */
  readonly share: number
  /** Where processes count together. Default `undefined`: this process counts alone. See `layerStore`. */
  readonly limiter: RateLimiter.RateLimiter | undefined
  /**
   * Names the budget, for several tokens of one user or tokens that rotate: Cloudflare counts per user. Default: a hash of
   * credentials and base URL.
   */
  readonly key: string | undefined
}

/**
 * The settings where none are provided.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 *
 * const { limit, share } = RequestBudget.defaultSettings
 * limit * share // => 960
 */
export const defaultSettings: Settings = {
  limit: 1200,
  window: Duration.minutes(5),
  share: 0.8,
  limiter: undefined,
  key: undefined
}

/**
 * The budget of the requests that are sent where it is provided.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 * import { Effect } from "effect"
 *
 * const share = Effect.map(RequestBudget.RequestBudget, ({ share }) => share)
 * const generous = Effect.provide(share, RequestBudget.layer({ share: 1 }))
 *
 * await Effect.runPromise(Effect.all([share, generous])) // => [0.8, 1]
 */
export const RequestBudget = Context.Reference<Settings>("@bulk-operations/core/RequestBudget", {
  defaultValue: () => defaultSettings
})

/** The settings of an application; what is not set stays as it is. */
export const layer = (settings: Partial<Settings>): Layer.Layer<never> =>
  Layer.effect(RequestBudget, Effect.map(RequestBudget, (current) => ({ ...current, ...settings })))

const patience = Duration.seconds(1)

/**
 * One budget for several processes, counted in a store that they share: Effect's `RateLimiter` on Redis.
 *
 * A store that is not there yet, that fails, or does not answer within a second, holds nobody up: each process keeps to a
 * budget of its own then, says so in one warning, and goes on with the store when it is there. Closing the scope waits for
 * the store no longer than a second either. Of its layer's errors only a `ConfigError` fails this one: it would not pass.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import { Layer } from "effect"
 * import { RateLimiter } from "effect/persistence"
 *
 * export const Shared = RequestBudget.layerStore(
 *   RateLimiter.layer.pipe(
 *     Layer.provide(RateLimiter.layerStoreRedis({ prefix: "cloudflare:" })),
 *     Layer.provide(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 *   )
 * )
 */
export const layerStore = <E, R>(
  store: Layer.Layer<RateLimiter.RateLimiter, E, R>,
  settings: Partial<Omit<Settings, "limiter">> = {}
): Layer.Layer<never, E, R> =>
  Layer.effect(
    RequestBudget,
    Effect.gen(function*() {
      // A client may wait for what it has sent before it closes: for ever, where nobody answers.
      const scope = yield* Scope.make()
      yield* Effect.addFinalizer((exit) =>
        Effect.flatMap(Effect.forkDetach(Scope.close(scope, exit)), (closing) =>
          Effect.ignore(Effect.timeout(Effect.interruptible(Fiber.await(closing)), patience)))
      )
      const limiter = yield* Reach.make(store, scope, patience)
      const current = yield* RequestBudget
      return { ...current, ...settings, limiter }
    })
  )

/**
 * How urgent a request is.
 *
 * - `application`: sent at once, and counted. The default.
 * - `lastPoll`: the first of those that make room, but at most every second one while others wait.
 * - `poll`: after those.
 * - `bulk`: the last, but one in ten at least.
 */
export type Priority = "application" | "lastPoll" | "poll" | "bulk"

/** What a request says of itself to the budget. */
export interface Claim {
  readonly priority: Priority
  /** Run when a request that makes room has to wait for its turn. */
  readonly delayed: Effect.Effect<void>
  /** Run when a request that makes room has been admitted, before it is sent; a retry is admitted anew. */
  readonly admitted: Effect.Effect<void>
}

/**
 * The claim of the requests that are sent where it is provided.
 *
 * @example
 * import { BulkOperations, RequestBudget } from "@bulk-operations/core"
 * import { Effect } from "effect"
 *
 * const patient = BulkOperations.BulkOperations.use((operations) => operations.get("4da8780eeb215e6cb7f48dd981c4ea02")).pipe(
 *   Effect.provideService(RequestBudget.CurrentClaim, {
 *     priority: "bulk",
 *     delayed: Effect.void,
 *     admitted: Effect.void
 *   })
 * )
 */
export const CurrentClaim = Context.Reference<Claim>("@bulk-operations/core/RequestBudget/CurrentClaim", {
  defaultValue: () => ({ priority: "application", delayed: Effect.void, admitted: Effect.void })
})

/** What is left of a budget. */
export interface Left {
  /** How many requests that make room could be sent at once, as far as this process knows. */
  readonly remaining: number
  /** How many of them wait for their turn in this process. */
  readonly waiting: number
  /** How long nothing that makes room is sent, because Cloudflare blocks or asked to wait. Zero as a rule. */
  readonly blockedFor: Duration.Duration
  /** Whether the next one would have to wait. */
  readonly isShort: boolean
  /** Whether the store is gone, so that this process counts alone. */
  readonly isLocal: boolean
}

/**
 * Where the API is, if nothing else is said.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 *
 * RequestBudget.defaultBaseUrl // => "https://api.cloudflare.com/client/v4"
 */
export const defaultBaseUrl = "https://api.cloudflare.com/client/v4"

/**
 * What is left of the budget of these credentials; it sends nothing.
 *
 * @example
 * import { Credentials, RequestBudget } from "@bulk-operations/core"
 * import { Effect, Redacted } from "effect"
 *
 * const credentials = Credentials.apiToken(Redacted.make("s3cret"))
 * const { remaining } = await Effect.runPromise(RequestBudget.left(credentials))
 * remaining // => 96
 */
export const left = (credentials: Credentials.Credentials, baseUrl = defaultBaseUrl): Effect.Effect<Left> =>
  Effect.withFiber((fiber) => {
    const { left, now, isLocal } = Account.look(
      Account.open(fiber, fiber.getRef(RequestBudget), Key.of(credentials, baseUrl))
    )
    const blockedFor = Math.max(0, left.blockedUntil - now)
    return Effect.succeed({
      remaining: left.requests,
      waiting: left.waiting,
      blockedFor: Duration.millis(blockedFor),
      isShort: left.waiting > 0 || left.readyAt > now,
      isLocal
    })
  })
