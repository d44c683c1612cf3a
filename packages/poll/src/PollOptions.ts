/**
 * Options of waits. A layer replaces the defaults for an application; the options of a call replace them for one wait.
 */
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Durations from "./internal/duration.ts"
import * as PollSchedule from "./PollSchedule.ts"

/** Options of a wait. */
export interface Options {
  /** Delay between polls while the operation is under way. Default `PollSchedule.quadratic()`. */
  readonly schedule: PollSchedule.PollSchedule
  /**
   * How long to wait at most; zero for a single poll. The last poll is sent just before. Default 1 hour; `"Infinity"` for
   * no limit.
   */
  readonly timeout: Duration.Input
  /**
   * Delay between polls after a transient error (`CloudflareError.isRetryable`, or an error within a grace). It starts
   * again after each successful answer. Default about 1, 2, 4, … and at most 30 seconds. The next poll is never sent
   * before `Retry-After`.
   */
  readonly transientSchedule: Schedule.Schedule<unknown, CloudflareError>
  /**
   * How long transient errors may last before the wait fails with the latest one. Default 10 minutes: twice as long as
   * Cloudflare blocks a caller that sent too many requests.
   */
  readonly tolerance: Duration.Input
  /**
   * How long `NotFound` counts as transient: from the start of the wait, and again each time an operation that was
   * found disappears. Default zero.
   */
  readonly notFoundGrace: Duration.Input
  /**
   * How long after the start of the wait `Forbidden` and `Unauthorized` count as transient: Cloudflare refuses a new
   * token until it has propagated. Default zero.
   */
  readonly forbiddenGrace: Duration.Input
  /**
   * The name of the history that `PollSchedule.learned` learns from and that the operation is added to. Name it after
   * the job if one account has jobs that take different times. Each account has its own histories. Default: the unnamed
   * one.
   */
  readonly history: string
  /**
   * Estimated duration of the operation, for `PollSchedule.learned`: it counts as two operations before all others.
   * Default: unknown.
   */
  readonly expected: Duration.Input | undefined
}

/**
 * The default options.
 *
 * @example
 * import { PollOptions } from "@bulk-operations/poll"
 *
 * String(PollOptions.defaults.tolerance) // => "600000 millis"
 */
export const defaults: Options = {
  schedule: PollSchedule.quadratic(),
  timeout: Duration.hours(1),
  transientSchedule: Schedule.exponential("1 second").pipe(
    // Jitter adds a fifth at most.
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.seconds(25)))),
    Schedule.jittered
  ),
  tolerance: Duration.minutes(10),
  notFoundGrace: Duration.zero,
  forbiddenGrace: Duration.zero,
  history: "",
  expected: undefined
}

/** Options, each of which may be left out. */
export type PartialOptions = { readonly [K in keyof Options]?: Options[K] | undefined }

/**
 * The options of the waits in an application or a part of it. Those left out come from `defaults`.
 *
 * @example
 * import { PollOptions, PollSchedule } from "@bulk-operations/poll"
 * import { Layer } from "effect"
 *
 * const unhurried = Layer.succeed(PollOptions.PollOptions, {
 *   schedule: PollSchedule.quadratic({ requestCost: "5 seconds" }),
 *   timeout: "2 hours"
 * })
 */
export const PollOptions = Context.Reference<PartialOptions>("@bulk-operations/poll/PollOptions", {
  defaultValue: () => ({})
})

/**
 * The options of a wait: its own, otherwise the provided ones, otherwise the defaults.
 *
 * @example
 * import { PollOptions } from "@bulk-operations/poll"
 *
 * const { notFoundGrace, timeout } = PollOptions.resolve({ timeout: "1 minute" }, {
 *   timeout: "2 hours",
 *   notFoundGrace: "5 seconds"
 * })
 * timeout // => "1 minute"
 * notFoundGrace // => "5 seconds"
 */
export const resolve = (options: PartialOptions | undefined, provided: PartialOptions): Options => ({
  schedule: options?.schedule ?? provided.schedule ?? defaults.schedule,
  timeout: options?.timeout ?? provided.timeout ?? defaults.timeout,
  transientSchedule: options?.transientSchedule ?? provided.transientSchedule ?? defaults.transientSchedule,
  tolerance: options?.tolerance ?? provided.tolerance ?? defaults.tolerance,
  notFoundGrace: options?.notFoundGrace ?? provided.notFoundGrace ?? defaults.notFoundGrace,
  forbiddenGrace: options?.forbiddenGrace ?? provided.forbiddenGrace ?? defaults.forbiddenGrace,
  history: options?.history ?? provided.history ?? defaults.history,
  expected: options?.expected ?? provided.expected ?? defaults.expected
})

const prefix = "BULK_OPERATIONS"

const optional = (name: string, minimum: "zero or longer" | "longer than zero" = "zero or longer") => {
  const isLongEnough = (duration: Duration.Duration) =>
    minimum === "zero or longer" ? Duration.toMillis(duration) >= 0 : Duration.toMillis(duration) > 0
  const expected = `Expected a duration ${minimum}, such as 30s, 10m or "2 hours".`
  const text = Schema.String.check(
    Schema.makeFilter((text) =>
      Option.exists(Durations.parse(text), isLongEnough) || `${prefix}_${name} is ${JSON.stringify(text)}. ${expected}`
    )
  )
  return Config.map(Config.option(Config.schema(text, name)), Option.flatMap(Durations.parse))
}

/**
 * Options from the environment: `BULK_OPERATIONS_TIMEOUT`, `_TOLERANCE`, `_NOT_FOUND_GRACE`, `_FORBIDDEN_GRACE` and
 * `_REQUEST_COST`, durations such as `30s`, `1h30m` or `10 minutes`. A variable that is not set leaves the default.
 *
 * @example
 * import { PollOptions } from "@bulk-operations/poll"
 * import { ConfigProvider, Effect } from "effect"
 *
 * const env = ConfigProvider.fromEnv({ env: { BULK_OPERATIONS_TOLERANCE: "1 minute" } })
 * const { tolerance } = await Effect.runPromise(PollOptions.config.parse(env))
 * String(tolerance) // => "60000 millis"
 */
export const config: Config.Config<PartialOptions> = Config.map(
  Config.nested(
    Config.all({
      timeout: optional("TIMEOUT"),
      tolerance: optional("TOLERANCE"),
      notFoundGrace: optional("NOT_FOUND_GRACE"),
      forbiddenGrace: optional("FORBIDDEN_GRACE"),
      requestCost: optional("REQUEST_COST", "longer than zero")
    }),
    prefix
  ),
  ({ forbiddenGrace, notFoundGrace, requestCost, timeout, tolerance }) => ({
    timeout: Option.getOrUndefined(timeout),
    tolerance: Option.getOrUndefined(tolerance),
    notFoundGrace: Option.getOrUndefined(notFoundGrace),
    forbiddenGrace: Option.getOrUndefined(forbiddenGrace),
    schedule: Option.getOrUndefined(Option.map(requestCost, (requestCost) => PollSchedule.quadratic({ requestCost })))
  })
)

/**
 * Options from the environment, for an application; see `config`. A variable that is not set leaves the option of the
 * `PollOptions` that this layer is built on. **Gotcha:** merged with another layer of `PollOptions`, the last one wins.
 *
 * @example
 * import { PollOptions } from "@bulk-operations/poll"
 * import { ConfigProvider, Effect, Layer } from "effect"
 *
 * const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { BULK_OPERATIONS_TIMEOUT: "5 minutes" } }))
 * const options = PollOptions.PollOptions.pipe(
 *   Effect.provide(PollOptions.layerConfig.pipe(Layer.provide(env)))
 * )
 */
export const layerConfig: Layer.Layer<never, Config.ConfigError> = Layer.effect(
  PollOptions,
  Effect.zipWith(PollOptions, config, (provided, given) => resolve(given, provided))
)
