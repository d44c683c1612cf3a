/**
 * How patient a write is: the defaults of every write, replaced for an application by a layer and for one write by its
 * options.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** What can be said about a write. */
export interface Policy {
  /**
   * When to send a write again that was refused because another operation of the account is pending (429). Default after
   * about 2, 4, 8, … and at most 30 seconds. A `Retry-After` is waited out.
   */
  readonly schedule: Schedule.Schedule<unknown>
  /**
   * For how long to send it again. Default 15 minutes: users have been let in after seven. Also how long the operation of
   * the writer before is waited for.
   */
  readonly patience: Duration.Input
  /**
   * What to do where the answer to a write is lost: `"fail"` with `OutcomeUnknown`, the default, or `"repeat"` the write
   * on the same schedule. All writes can be repeated without harm to what the list holds in the end, unless somebody else
   * has written meanwhile. Each counts towards Cloudflare's limits.
   */
  readonly onLostAnswer: "fail" | "repeat"
}

/**
 * The policy where none is provided.
 *
 * @example
 * import { WritePolicy } from "@bulk-operations/lists"
 * import { Layer } from "effect"
 *
 * const hurried = Layer.succeed(WritePolicy.WritePolicy, { ...WritePolicy.defaults, patience: "1 minute" })
 */
export const defaults: Policy = {
  schedule: Schedule.exponential("2 seconds").pipe(
    // Jitter adds a fifth at most.
    Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.seconds(25)))),
    Schedule.jittered
  ),
  patience: Duration.minutes(15),
  onLostAnswer: "fail"
}

/** The policy of the writes that begin where it is provided. Default `defaults`. */
export const WritePolicy = Context.Reference<Policy>("@bulk-operations/lists/WritePolicy", {
  defaultValue: () => defaults
})
