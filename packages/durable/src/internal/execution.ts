/** Executions of a workflow in the store: reads their state, cancels and forgets them. */
import { EntityAddress } from "effect/cluster/EntityAddress"
import * as EntityId from "effect/cluster/EntityId"
import * as EntityType from "effect/cluster/EntityType"
import { MessageStorage } from "effect/cluster/MessageStorage"
import { Sharding } from "effect/cluster/Sharding"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as MutableHashMap from "effect/MutableHashMap"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import * as StoreDefect from "./storeDefect.ts"

/** Whether there is such an execution, and how it ended if it has. */
export type State<A, E> =
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "UnderWay" }
  | { readonly _tag: "Ended"; readonly exit: Exit.Exit<A, E> }

/** The executions of one workflow. */
export interface Executions<A, E> {
  readonly state: (executionId: string) => Effect.Effect<State<A, E>>
  /** Runs an effect that waits for the end of an execution, and prevents the execution from being forgotten before. */
  readonly awaiting: <B, F, R>(executionId: string, end: Effect.Effect<B, F, R>) => Effect.Effect<B, F, R>
  /** The stored payload of an execution that has not ended. */
  readonly payload: (executionId: string) => Effect.Effect<Option.Option<unknown>>
  /** Interrupts it, and returns when it has ended. */
  readonly cancel: (executionId: string) => Effect.Effect<void>
  /** Removes an ended execution from the store, and returns whether it is gone. */
  readonly forget: (executionId: string) => Effect.Effect<boolean>
}

// The message may have to reach another runner, which polls for messages.
const ended = Schedule.min([Schedule.exponential("10 millis"), Schedule.spaced("1 second")])

export const make = Effect.fnUntraced(function*<
  Tag extends string,
  Payload extends Workflow.AnyStructSchema,
  Success extends Schema.Top,
  Error extends Schema.Top
>(workflow: Workflow.Workflow<Tag, Payload, Success, Error>) {
  const engine = yield* WorkflowEngine
  const sharding = yield* Sharding
  const storage = yield* MessageStorage
  const services = yield* Effect.context<Success["DecodingServices"] | Error["DecodingServices"]>()

  // The engine's model: an execution is an entity, and its run is the one message with that name.
  const addressOf = (executionId: string) => {
    const entityId = EntityId.make(executionId)
    const shardId = sharding.getShardId(entityId, "default")
    return new EntityAddress({ entityType: EntityType.make(`Workflow/${workflow._tag}`), entityId, shardId })
  }

  const runOf = (executionId: string) =>
    Effect.orDie(storage.requestIdForPrimaryKey({ address: addressOf(executionId), tag: "run", id: "" }))

  const payload = Effect.fnUntraced(function*(executionId: string) {
    const run = yield* runOf(executionId)
    if (Option.isNone(run)) return Option.none()
    const [message] = yield* Effect.orDie(storage.unprocessedMessagesById([run.value]))
    return message?._tag === "IncomingRequest" ? Option.some<unknown>(message.envelope.payload) : Option.none()
  })

  const state = Effect.fnUntraced(function*(
    executionId: string
  ): Effect.fn.Return<State<Success["Type"], Error["Type"]>> {
    if (Option.isNone(yield* runOf(executionId))) return { _tag: "Unknown" }
    const result = yield* engine.poll(workflow, executionId).pipe(
      Effect.provideContext(services),
      Effect.catchDefect((defect) =>
        StoreDefect.isPersistenceError(defect)
          ? Effect.die(defect)
          : Effect.succeedSome(new Workflow.Complete({ exit: Exit.die(StoreDefect.name(defect)) }))
      )
    )
    return Option.isSome(result) && result.value._tag === "Complete"
      ? { _tag: "Ended", exit: result.value.exit }
      : { _tag: "UnderWay" }
  })

  const readers = MutableHashMap.empty<string, ReadonlyArray<Latch.Latch>>()
  const readersOf = (executionId: string) => Option.getOrElse(MutableHashMap.get(readers, executionId), () => [])

  const awaiting: Executions<unknown, unknown>["awaiting"] = (executionId, end) =>
    Effect.suspend(() => {
      const left = Latch.makeUnsafe()
      MutableHashMap.set(readers, executionId, [...readersOf(executionId), left])
      const leave = Effect.suspend(() => {
        const others = readersOf(executionId).filter((one) => one !== left)
        if (others.length > 0) MutableHashMap.set(readers, executionId, others)
        else MutableHashMap.remove(readers, executionId)
        return left.open
      })
      return Effect.ensuring(end, leave)
    })

  const cancel = Effect.fnUntraced(function*(executionId: string) {
    yield* engine.interruptUnsafe(workflow, executionId)
    yield* Effect.repeat(state(executionId), { schedule: ended, while: ({ _tag }) => _tag === "UnderWay" })
  })

  const forget = Effect.fnUntraced(function*(executionId: string) {
    const { _tag } = yield* state(executionId)
    if (_tag === "Ended") {
      // Callers poll the store for the end, and would wait for ever if it were removed.
      yield* Effect.forEach(readersOf(executionId), (left) => left.await, { discard: true })
      yield* Effect.orDie(storage.clearAddress(addressOf(executionId)))
    }
    return _tag !== "UnderWay"
  })

  const executions: Executions<Success["Type"], Error["Type"]> = { state, awaiting, payload, cancel, forget }
  return executions
})
