/** How long an operation takes and how it ends. Each part can be random. */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type { Draw } from "./Draw.ts"

/** The plan of an operation; parts left out come from the simulator's options. */
export interface OperationPlan {
  /**
   * From the answer to the write until the operation ends. 3 seconds by default: Cloudflare promises nothing, but small
   * operations have ended within seconds. `"Infinity"` never ends, unless it is ended by hand.
   */
  readonly duration?: Draw<Duration.Input>
  /** The first part of `duration`, spent as `pending`; the rest is `running`. 500 milliseconds by default. */
  readonly pendingFor?: Draw<Duration.Input>
  /** `completed` by default. */
  readonly outcome?: Draw<Outcome>
  /**
   * How long after its end its items can be read, and are counted; 0 by default. Clients of Cloudflare have had to
   * retry because of this.
   */
  readonly readableAfter?: Draw<Duration.Input>
}

/** `Completed`, or `Failed` with a free text like Cloudflare's (there is no code). */
export type Outcome = Data.TaggedEnum<{
  Completed: {}
  Failed: { readonly error: string }
}>

const Outcome = Data.taggedEnum<Outcome>()

/** The operation takes effect. */
export const completed: Outcome = Outcome.Completed()

/** The operation fails without effect, with this text. */
export const failed = (error: string): Outcome => Outcome.Failed({ error })
