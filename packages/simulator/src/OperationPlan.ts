/**
 * How long an operation takes and how it ends. Each part can be left to chance.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type { Draw } from "./Draw.ts"

/** What is planned for an operation; what is left out is as the options of the simulator have it. */
export interface OperationPlan {
  /**
   * From the answer to the write until the operation ends. 3 seconds by default: Cloudflare promises nothing, and small
   * operations have been seen to end within seconds. `"Infinity"` never ends, unless it is ended by hand.
   */
  readonly duration?: Draw<Duration.Input>
  /** The first part of `duration`, spent as `pending`; the rest is `running`. 500 milliseconds by default. */
  readonly pendingFor?: Draw<Duration.Input>
  /** `completed` by default. */
  readonly outcome?: Draw<Outcome>
  /**
   * How long after it has completed the items of its list can be read, and are counted; 0 by default. Clients of
   * Cloudflare had to try again for it.
   */
  readonly readableAfter?: Draw<Duration.Input>
}

/** `Completed`, or `Failed` with the free text that Cloudflare gives (there is no code). */
export type Outcome = Data.TaggedEnum<{
  Completed: {}
  Failed: { readonly error: string }
}>

const Outcome = Data.taggedEnum<Outcome>()

/** The operation takes effect. */
export const completed: Outcome = Outcome.Completed()

/** The operation changes nothing and says why. */
export const failed = (error: string): Outcome => Outcome.Failed({ error })
