/** The stored result of a Workflow's step: JSON that is readable in Cloudflare's dashboard. */
import { BulkOperation, Completed } from "@bulk-operations/core/BulkOperation"
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type * as Wait from "@bulk-operations/poll/Wait"
import { WaitError } from "@bulk-operations/poll/WaitError"
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** The result of a step: when to poll next, in whole milliseconds from its end, or null if the wait has ended. */
export interface Entry {
  readonly pollIn: number | null
  readonly wait: Schema.Json
}

// Infinite if the wait has no limit. @effect-diagnostics schemaNumber:off
const Millis = Schema.Number

const WaitUnderWay: Schema.Codec<Wait.Wait, unknown> = Schema.Struct({
  startedAt: Schema.Finite,
  deadline: Millis,
  tolerance: Millis,
  notFoundGrace: Millis,
  forbiddenGrace: Millis,
  polls: Schema.Int,
  last: Schema.UndefinedOr(BulkOperation),
  transient: Schema.UndefinedOr(Schema.Struct({ since: Schema.Finite, error: CloudflareError })),
  extendedTo: Schema.UndefinedOr(Schema.Finite)
})

/** A wait between two steps. Times are epoch milliseconds. */
export interface State extends Schema.Schema.Type<typeof State> {}
const State = Schema.Struct({
  /** Instances outlive releases, so the results of different releases must be distinguishable. */
  version: Schema.tag(1),
  wait: WaitUnderWay,
  /** When the operation was started, if the caller knows. */
  startedAt: Schema.UndefinedOr(Schema.Finite),
  /** The time that the schedule counts from, once known, and how many gaps it has had. */
  origin: Schema.UndefinedOr(Schema.Finite),
  gaps: Schema.Int,
  /** How many gaps since the last answer that showed the operation. */
  transientGaps: Schema.Int
})

/** How a wait ended. */
export type Ended = Result.Result<Completed, WaitError>

const stateCodec = Schema.toCodecJson(State)
const endedCodec = Schema.toCodecJson(Schema.Result(Completed, WaitError))

/** The entry of a wait that continues. */
export const goOn = (state: State, pollIn: number): Effect.Effect<Entry> =>
  Effect.map(Effect.orDie(Schema.encodeEffect(stateCodec)(state)), (wait) => ({ pollIn: Math.ceil(pollIn), wait }))

/** The entry of a wait that has ended. */
export const end = (ended: Ended): Effect.Effect<Entry> =>
  Effect.map(Effect.orDie(Schema.encodeEffect(endedCodec)(ended)), (wait) => ({ pollIn: null, wait }))

/** The wait of an entry that continues. */
export const stateOf = ({ wait }: Entry): Effect.Effect<State> => Effect.orDie(Schema.decodeEffect(stateCodec)(wait))

/** The end of an entry that has ended. */
export const endedOf = ({ wait }: Entry): Effect.Effect<Ended> => Effect.orDie(Schema.decodeEffect(endedCodec)(wait))
