/**
 * One budget for all requests with one set of credentials.
 *
 * Cloudflare counts all requests of a user, from any program, and blocks every call when there are too many. So each
 * request draws on a budget that belongs to the credentials and the base URL. The application's own calls are counted
 * and never delayed; requests that can wait (polls, bulk reading) yield to them. It needs no setup: it is a reference
 * with a default, and everything in a process that uses the same credentials shares one budget.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Scope from "effect/Scope"
import type * as Credentials from "./Credentials.ts"
import * as Access from "./internal/budget/access.ts"
import * as Key from "./internal/budget/key.ts"
import * as Reach from "./internal/budget/reach.ts"
import * as Durations from "./internal/duration.ts"

/** The settings of a budget. */
export interface Settings {
  /**
   * How many requests Cloudflare allows per `window`. Default 1,200 in 5 minutes; infinite for no budget. A lower limit
   * in the answers (`Ratelimit-Policy`) is obeyed as well.
   *
   * Source: developers.cloudflare.com/fundamentals/api/reference/limits.
   */
  readonly limit: number
  readonly window: Duration.Input
  /**
   * The share of the limit that requests which can wait may use, counted together with the application's calls. Default
   * 0.8: the rest is for requests that cannot be counted, such as the dashboard's. At least one request per window is
   * sent.
   */
  readonly share: number
  /** The shared counter of several processes. Default `undefined`: this process counts alone. See `layerStore`. */
  readonly limiter: RateLimiter.RateLimiter | undefined
  /**
   * Names the budget, for several tokens of one user or tokens that rotate: Cloudflare counts per user. Default: a hash of
   * credentials and base URL.
   */
  readonly key: string | undefined
}

/**
 * The default settings.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 *
 * const { limit, share } = RequestBudget.defaults
 * limit * share // => 960
 */
export const defaults: Settings = {
  limit: 1200,
  window: Duration.minutes(5),
  share: 0.8,
  limiter: undefined,
  key: undefined
}

/**
 * The settings of the budget that requests draw on.
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
  defaultValue: () => defaults
})

/**
 * Changes settings for an application; those not given stay as they are. Dies with a `RangeError` for an invalid one.
 */
export const layer = (settings: Partial<Settings>): Layer.Layer<never> => Layer.effect(RequestBudget, changed(settings))

const changed = (settings: Partial<Settings>) =>
  Effect.map(RequestBudget, (current): Settings => {
    const given = {
      ...current,
      ...settings,
      limit: settings.limit ?? current.limit,
      share: settings.share ?? current.share,
      window: settings.window ?? current.window
    }
    const { limit, share, window } = given
    if (!(limit >= 1)) throw new RangeError(`limit of the request budget is ${limit}. It must be 1 or more.`)
    if (!(share > 0 && share <= 1)) {
      throw new RangeError(`share of the request budget is ${share}. It must be above 0 and at most 1: 0.8 for 80 %.`)
    }
    return { ...given, window: Durations.finite("window of the request budget", window) }
  })

const patience = Duration.seconds(1)

/**
 * One budget for several processes, counted in a store that they share: Effect's `RateLimiter` on Redis.
 *
 * If the store is not available yet, fails, or does not answer within a second, nothing is held up: each process uses
 * its own budget, logs one warning, and returns to the store when it is available. Closing the scope waits at most a
 * second for the store. Of the store layer's errors only a `ConfigError` fails this layer, because it is permanent. Dies
 * with a `RangeError` for an invalid setting.
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
      const current = yield* changed(settings)
      // A client may wait for its pending requests before it closes: for ever, if nobody answers.
      const scope = yield* Scope.make()
      yield* Effect.addFinalizer((exit) =>
        Effect.flatMap(Effect.forkDetach(Scope.close(scope, exit)), (closing) =>
          Effect.ignore(Effect.timeout(Effect.interruptible(Fiber.await(closing)), patience)))
      )
      const limiter = yield* Reach.make(store, scope, patience)
      return { ...current, limiter }
    })
  )

/**
 * The priority of a request.
 *
 * - `application`: sent at once, and counted. The default.
 * - `lastPoll`: the first of those that can wait, but at most every second one while others wait.
 * - `poll`: after those.
 * - `bulk`: the last, but at least one in ten.
 */
export type Priority = "application" | "lastPoll" | "poll" | "bulk"

/** A request's priority, and callbacks for its admission. */
export interface Claim {
  readonly priority: Priority
  /** Runs when a request that can wait has to wait for its turn. */
  readonly delayed: Effect.Effect<void>
  /** Runs when a request that can wait has been admitted, before it is sent; each retry is admitted again. */
  readonly admitted: Effect.Effect<void>
}

/**
 * The claim of requests. Provide it around a call.
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
  /** How many requests that can wait could be sent at once, as far as this process knows. */
  readonly remaining: number
  /** How many of them are waiting for their turn in this process. */
  readonly waiting: number
  /** How long requests that can wait are held back because Cloudflare blocks or asked to wait. Usually zero. */
  readonly blockedFor: Duration.Duration
  /** Whether the next one would have to wait. */
  readonly isShort: boolean
  /** Whether the store is unavailable, so that this process counts alone. */
  readonly isLocal: boolean
}

/**
 * The default URL of the API.
 *
 * @example
 * import { RequestBudget } from "@bulk-operations/core"
 *
 * RequestBudget.defaultBaseUrl // => "https://api.cloudflare.com/client/v4"
 */
export const defaultBaseUrl = "https://api.cloudflare.com/client/v4"

/**
 * Returns what is left of the budget of these credentials, without sending a request.
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
    const { left, now, isLocal } = Access.left(
      Access.open(fiber, fiber.getRef(RequestBudget), Key.of(credentials, baseUrl))
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
