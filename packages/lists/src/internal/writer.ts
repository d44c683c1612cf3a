/** The writing half of `ListItems`: what to send, in which turn, and whether to wait for the end. */
import type { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import type { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as InvalidItems from "../InvalidItems.ts"
import type { ListItem } from "../ListItem.ts"
import type { Items, ReplaceOptions, Waiting, WriteOptions } from "../ListItems.ts"
import { type Action, NoItems } from "../WriteError.ts"
import type { WriteLane } from "../WriteLane.ts"
import { type Policy, WritePolicy } from "../WritePolicy.ts"
import * as Call from "./call.ts"
import * as Durations from "./duration.ts"
import * as Syncing from "./syncing.ts"
import * as Wire from "./wire.ts"
import * as Writing from "./writing.ts"

const collect = <A, E, R>(items: Items<A, E, R>): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Stream.isStream(items) ? Stream.runCollect(items) : Effect.sync(() => Array.from(items))

const policyOf = (options: WriteOptions | undefined) =>
  Effect.map(WritePolicy, (policy): Policy => ({
    schedule: options?.schedule ?? policy.schedule,
    patience: Durations.notNegative("patience", options?.patience ?? policy.patience),
    onLostAnswer: options?.onLostAnswer ?? policy.onLostAnswer,
    onRetry: options?.onRetry ?? policy.onRetry
  }))

// The body of a write; fails if there can be none.
const bodyOf = Effect.fnUntraced(function*<E, R>(
  action: "create" | "replace",
  listId: string,
  items: Items<ListItem, E, R>,
  allowEmpty: boolean
): Effect.fn.Return<Schema.Json, NoItems | InvalidItems.InvalidItems | E, R> {
  const collected = yield* collect(items)
  if (collected.length === 0 && !allowEmpty) return yield* new NoItems({ listId, action })
  return (yield* Effect.fromResult(InvalidItems.check(collected))).map(Wire.write)
})

const removalOf = Effect.fnUntraced(function*<E, R>(
  listId: string,
  itemIds: Items<string, E, R>
): Effect.fn.Return<Schema.Json, NoItems | E, R> {
  // A string is an iterable of characters.
  const ids = new Set(typeof itemIds === "string" ? [itemIds] : yield* collect(itemIds))
  if (ids.size === 0) return yield* new NoItems({ listId, action: "delete" })
  return { items: Array.from(ids, (id) => ({ id })) }
})

/** All calls that write items. */
export const make = (
  api: CloudflareApi["Service"],
  poller: BulkOperationPoller["Service"],
  lane: WriteLane["Service"]
) => {
  // A write in its own turn, once its body is ready.
  const start = Effect.fnUntraced(function*(
    action: Action,
    listId: string,
    body: Schema.Json,
    options: WriteOptions | undefined
  ) {
    const accountId = yield* Call.accountOf(api, options, listId, Writing.methodOf(action))
    const write = yield* Writing.make(accountId, listId, action, body)
    const policy = yield* policyOf(options)
    // The poller starts it in a span of its own, but how it queued is a fact about the call.
    const span = yield* Effect.orDie(Effect.currentSpan)
    const started = lane.turn(accountId, (turn) => Effect.tap(Writing.send(api, write, policy), turn.started)).pipe(
      Effect.tap((operationId) => Effect.annotateCurrentSpan("cloudflare.operation_id", operationId)),
      Effect.withParentSpan(span),
      Effect.provideService(WritePolicy, policy)
    )
    return { write, policy, started }
  })

  const write = (action: Action, listId: string, body: Schema.Json, options: WriteOptions | undefined) =>
    Effect.flatMap(start(action, listId, body, options), ({ started }) => started)

  const writeAndWait = Effect.fnUntraced(function*(
    action: Action,
    listId: string,
    body: Schema.Json,
    options: (WriteOptions & Waiting) | undefined
  ) {
    const { policy, started, write } = yield* start(action, listId, body, options)
    return yield* Writing.andWait(poller, write, started, {
      policy,
      waiting: options?.wait,
      ended: (operationId) => lane.ended(write.accountId, operationId)
    })
  })

  const create = Effect.fn("ListItems.create")(function*<E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: WriteOptions
  ) {
    return yield* write("create", listId, yield* bodyOf("create", listId, items, false), options)
  })

  const replace = Effect.fn("ListItems.replace")(function*<E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: ReplaceOptions
  ) {
    const body = yield* bodyOf("replace", listId, items, options?.allowEmpty === true)
    return yield* write("replace", listId, body, options)
  })

  const remove = Effect.fn("ListItems.delete")(function*<E = never, R = never>(
    listId: string,
    itemIds: Items<string, E, R>,
    options?: WriteOptions
  ) {
    return yield* write("delete", listId, yield* removalOf(listId, itemIds), options)
  })

  const createAndWait = Effect.fn("ListItems.createAndWait")(function*<E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: WriteOptions & Waiting
  ) {
    return yield* writeAndWait("create", listId, yield* bodyOf("create", listId, items, false), options)
  })

  const replaceAndWait = Effect.fn("ListItems.replaceAndWait")(function*<E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: ReplaceOptions & Waiting
  ) {
    const body = yield* bodyOf("replace", listId, items, options?.allowEmpty === true)
    return yield* writeAndWait("replace", listId, body, options)
  })

  const deleteAndWait = Effect.fn("ListItems.deleteAndWait")(function*<E = never, R = never>(
    listId: string,
    itemIds: Items<string, E, R>,
    options?: WriteOptions & Waiting
  ) {
    return yield* writeAndWait("delete", listId, yield* removalOf(listId, itemIds), options)
  })

  const sync = Effect.fn("ListItems.sync")(function*<E = never, R = never>(
    listId: string,
    wanted: Items<ListItem, E, R>,
    options: Syncing.SyncOptions = {}
  ) {
    const items = yield* Effect.flatMap(collect(wanted), (items) => Effect.fromResult(InvalidItems.check(items)))
    if (items.length === 0 && options.allowEmpty !== true) return yield* new NoItems({ listId, action: "sync" })
    const accountId = yield* Call.accountOf(api, options, listId, "PUT")
    const policy = yield* policyOf(options)
    return yield* Syncing.sync({ api, poller, lane, accountId, listId, policy, options }, items).pipe(
      Effect.provideService(WritePolicy, policy)
    )
  })

  return { create, replace, delete: remove, createAndWait, replaceAndWait, deleteAndWait, sync }
}
