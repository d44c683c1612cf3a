/**
 * The durations of past operations, which `PollSchedule.learned` learns from.
 *
 * A history is plain data about the last 256 operations of one kind, so it can be stored anywhere. `PollHistory` keeps
 * one for each account and name, in memory or in a `KeyValueStore`.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import { constVoid, identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import { longest } from "./internal/bins.ts"
import * as Durations from "./internal/duration.ts"
import * as Model from "./internal/hazard.ts"
import * as Histories from "./internal/histories.ts"
import { beliefs, empty, History, merge, type Sighting } from "./internal/history.ts"

export { empty, History, merge, Observation, record, type Sighting } from "./internal/history.ts"

/** How likely operations are to end at each age, for `PollSchedule.learned`. */
export interface Hazard extends Model.Hazard {}

/** Options of `hazard`. */
export interface HazardOptions {
  /**
   * How long the operation is expected to take, give or take half of it. It counts as two operations before all others.
   */
  readonly expected?: Duration.Input | undefined
}

/** The hazard learned from a history. */
export const hazard = (history: History, options?: HazardOptions): Hazard =>
  Model.hazard(beliefs(history), expectedOf(options))

const expectedOf = (options: HazardOptions | undefined) =>
  options?.expected === undefined
    ? undefined
    : Math.min(longest, Durations.positive("expected", options.expected))

/**
 * What is known about the duration of the current operation. A poller provides it to the schedule of each wait. For
 * `PollSchedule.explain` and `gapAt`, provide it yourself. Default: nothing is known.
 *
 * `PollSchedule.learned` reads this reference when it starts, and runs the effect before each gap.
 */
export const CurrentHazard = Context.Reference<Effect.Effect<Hazard>>("@bulk-operations/poll/PollHistory/Hazard", {
  defaultValue: () => Effect.succeed(Model.unknown)
})

/** Identifies a history: operations of different accounts or jobs take different times. */
export interface Key {
  readonly accountId: string
  /** The name of the job. Default: none. */
  readonly name?: string | undefined
}

/**
 * Histories, by account and name.
 *
 * @example
 * import { PollHistory } from "@bulk-operations/poll"
 * import { DateTime, Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const histories = yield* PollHistory.PollHistory
 *   const key = { accountId: "023e105f4ecef8ad9ca31a8372d0c353", name: "nightly" }
 *   const startedAt = DateTime.makeUnsafe("2026-01-01T08:00:00Z")
 *   yield* histories.record(key, { startedAt, seenAt: DateTime.makeUnsafe("2026-01-01T08:00:05Z") })
 *   return (yield* histories.history(key)).operations.length
 * })
 *
 * await Effect.runPromise(Effect.provide(program, PollHistory.layer)) // => 1
 */
export class PollHistory extends Context.Service<PollHistory, {
  /** Records an operation. It never waits and never fails. */
  readonly record: (key: Key, sighting: Sighting) => Effect.Effect<void>

  /** What is known now. It never waits and never fails. */
  readonly hazard: (key: Key, options?: HazardOptions) => Effect.Effect<Hazard>

  /** The whole history of a key. */
  readonly history: (key: Key) => Effect.Effect<History>
}>()("@bulk-operations/poll/PollHistory") {}

const pathOf = ({ accountId, name = "" }: Key) => `${accountId}/${name}`

const fromHistories = (histories: Histories.Histories) =>
  PollHistory.of({
    record: (key, sighting) => Effect.sync(() => histories.record(pathOf(key), sighting)),
    hazard: (key, options) => {
      const path = pathOf(key)
      const expected = expectedOf(options)
      return Effect.sync(() => histories.hazard(path, expected))
    },
    history: (key) => Effect.sync(() => histories.history(pathOf(key)))
  })

/**
 * Histories in memory.
 *
 * @example
 * import { PollHistory } from "@bulk-operations/poll"
 * import { Effect, Layer } from "effect"
 *
 * // The definition of `layer`.
 * export const layer = Layer.effect(PollHistory.PollHistory, PollHistory.make)
 */
export const make: Effect.Effect<PollHistory["Service"]> = Effect.sync(() =>
  fromHistories(Histories.make({ onNew: constVoid, onChange: constVoid }))
)

/**
 * Histories in memory, lost when the process ends. A poller without a `PollHistory` has its own; with this layer
 * several pollers share them.
 *
 * @example
 * import { BulkOperations } from "@bulk-operations/core"
 * import { BulkOperationPoller, PollHistory } from "@bulk-operations/poll"
 * import { Layer } from "effect"
 *
 * // Provides the history beside the poller that adds to it.
 * export const layer: Layer.Layer<
 *   BulkOperationPoller.BulkOperationPoller | PollHistory.PollHistory,
 *   never,
 *   BulkOperations.BulkOperations
 * > = BulkOperationPoller.layer.pipe(Layer.provideMerge(PollHistory.layer))
 */
export const layer: Layer.Layer<PollHistory> = Layer.effect(PollHistory, make)

/** Options of `layerStore`. */
export interface StoreOptions {
  /** How long a change may stay in memory before it is written. Default 1 minute. */
  readonly writeAfter?: Duration.Input | undefined
}

/**
 * Histories in a `KeyValueStore`, such as files or SQL, so that a nightly job learns as well.
 *
 * A history is read in the background when it is first used: a gap that has already begun stays as it is, and the next
 * one uses the history. It is written up to `writeAfter` after a change and when the layer ends, merged with what other
 * processes have written meanwhile. If the store fails, takes longer than ten seconds or holds something else, a debug
 * log is written and the history stays in memory.
 *
 * @example
 * import { PollHistory } from "@bulk-operations/poll"
 * import * as NodeServices from "@effect/platform-node/NodeServices"
 * import { Layer } from "effect"
 * import { KeyValueStore } from "effect/persistence"
 *
 * export const kept = PollHistory.layerStore().pipe(
 *   Layer.provide(KeyValueStore.layerFileSystem(".cache/bulk-operations")),
 *   Layer.provide(NodeServices.layer)
 * )
 */
export const layerStore = (options?: StoreOptions): Layer.Layer<PollHistory, never, KeyValueStore.KeyValueStore> =>
  Layer.effect(
    PollHistory,
    Effect.gen(function*() {
      const store = KeyValueStore.prefix(yield* KeyValueStore.KeyValueStore, "bulk-operations/history/")
      const background = yield* FiberSet.makeRuntime<never>()
      const writing = new Map<Histories.Kept, Effect.Effect<void>>()
      yield* Effect.addFinalizer(() =>
        Effect.suspend(() => Effect.forEach(writing.values(), identity, { concurrency: "unbounded", discard: true }))
      )

      const writeLater = (kept: Histories.Kept) => {
        if (writing.has(kept)) return
        const written = Effect.suspend(() => {
          const { history } = kept
          return Effect.ensuring(
            harmless("write", kept.path, write(store, kept.path, history)),
            Effect.sync(() => {
              writing.delete(kept)
              if (kept.history !== history) writeLater(kept)
            })
          )
        })
        writing.set(kept, written)
        background(Effect.delay(written, options?.writeAfter ?? "1 minute"))
      }

      return fromHistories(Histories.make({
        onNew: (kept) => {
          const reading = Effect.map(read(store, kept.path), (history) => Histories.add(kept, history))
          background(harmless("read", kept.path, reading))
        },
        onChange: writeLater
      }))
    })
  )

const json = Schema.fromJsonString(History)
const decode = Schema.decodeEffect(json)
const encode = Schema.encodeEffect(json)

const read = Effect.fnUntraced(function*(store: KeyValueStore.KeyValueStore, path: string) {
  const text = yield* store.get(path)
  return text === undefined ? empty : yield* decode(text)
})

const write = Effect.fnUntraced(function*(store: KeyValueStore.KeyValueStore, path: string, history: History) {
  // What cannot be read is replaced.
  const before = yield* Effect.catchTag(read(store, path), "SchemaError", () => Effect.succeed(empty))
  yield* store.set(path, yield* encode(merge(history, before)))
})

const harmless = <E>(what: "read" | "write", path: string, effect: Effect.Effect<void, E>): Effect.Effect<void> =>
  effect.pipe(
    Effect.timeout("10 seconds"),
    Effect.catchCause((cause) =>
      Effect.logDebug(`Cannot ${what} the history of ${path}: it is kept in memory alone`, cause)
    )
  )
