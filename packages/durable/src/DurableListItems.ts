/** Writes to lists that survive the process: each write is stored, sent, and waited for. */
import type { Completed } from "@bulk-operations/core/BulkOperation"
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as InvalidItems from "@bulk-operations/lists/InvalidItems"
import type { ListItem } from "@bulk-operations/lists/ListItem"
import type { ListItems } from "@bulk-operations/lists/ListItems"
import { NoItems } from "@bulk-operations/lists/WriteError"
import type { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import * as PollOptions from "@bulk-operations/poll/PollOptions"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import type * as MessageStorage from "effect/cluster/MessageStorage"
import type * as Sharding from "effect/cluster/Sharding"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { WaitOptions } from "./DurablePoller.ts"
import * as Execution from "./internal/execution.ts"
import * as StoreDefect from "./internal/storeDefect.ts"
import * as StoredWait from "./internal/storedWait.ts"
import * as StoredWrite from "./internal/storedWrite.ts"
import { layer as layerWorkflow, type WriteFailure, WriteWorkflow } from "./internal/writeWorkflow.ts"
import { WriteKeyInUse } from "./WriteKeyInUse.ts"

/** Identifies a write. */
export interface Key {
  /**
   * Identifies this write among all writes to the list: for example the number of a job, or a date. A call with the
   * same key joins the write.
   */
  readonly key: string
  /** The account of the list. Default: the account of `BulkOperations`. */
  readonly accountId?: string | undefined
}

/**
 * Options of a durable write. The runner's `WritePolicy` sets how it is retried. Its `onRetry` is not notified after a
 * restart or a lost answer.
 */
export interface WriteOptions extends Key {
  /** Options of the wait for its operation, counted from when the write was sent. */
  readonly wait?: Omit<WaitOptions, "accountId" | "startedAt"> | undefined
}

/** Options of a replacement. */
export interface ReplaceOptions extends WriteOptions {
  /** Whether an empty source may empty the list. Default: no. */
  readonly allowEmpty?: boolean | undefined
}

export type { WriteFailure } from "./internal/writeWorkflow.ts"

/** Errors of a durable write. */
export type WriteError = WriteFailure | WriteKeyInUse

/**
 * Durable writes to lists: a requested write is sent and waited for, even if the process dies.
 *
 * All items are stored with the write. Before it is sent, that fact is stored, so that a process that resumes it knows
 * that it may have been sent: it then reads the list, and sends only what the list does not show. It does the same if
 * the answer to a write is lost. If the list shows everything, the write succeeds without an operation: `Option.none`.
 *
 * **Gotcha:** after such a loss, a write can still be sent twice: if somebody else has changed the list in between, if
 * Cloudflare does not show yet what has taken effect, or if the first write takes effect between reading the list and
 * sending. The list still ends up as the write says, but a repeated replacement gives each item a new id again, a
 * repeated addition restores what somebody else deleted in between, and a repeated deletion finds nothing to delete.
 *
 * There is no durable `sync`, because none is needed: called again after a restart, `sync` reads the list and does the
 * rest.
 */
export class DurableListItems extends Context.Service<DurableListItems, {
  /** `createAndWait` of `ListItems`, durably. */
  readonly createAndWait: (
    listId: string,
    items: Iterable<ListItem>,
    options: WriteOptions
  ) => Effect.Effect<Option.Option<Completed>, WriteError>

  /** `replaceAndWait` of `ListItems`, durably. */
  readonly replaceAndWait: (
    listId: string,
    items: Iterable<ListItem>,
    options: ReplaceOptions
  ) => Effect.Effect<Option.Option<Completed>, WriteError>

  /** `deleteAndWait` of `ListItems`, durably. */
  readonly deleteAndWait: (
    listId: string,
    itemIds: Iterable<string>,
    options: WriteOptions
  ) => Effect.Effect<Option.Option<Completed>, WriteError>

  /**
   * Ends a write at once, and returns when it has ended. What Cloudflare has accepted by then still takes effect.
   * Callers that wait for the write are interrupted.
   */
  readonly cancel: (listId: string, options: Key) => Effect.Effect<void>

  /** Removes an ended write from the store, like `forget` of `DurablePoller`. */
  readonly forget: (listId: string, options: Key) => Effect.Effect<boolean>
}>()("@bulk-operations/durable/DurableListItems") {}

const make = Effect.gen(function*() {
  const engine = yield* WorkflowEngine
  const digest = yield* Digest.Digest
  const { accountId: defaultAccountId } = yield* BulkOperations
  const executions = yield* Execution.make(WriteWorkflow)

  // The id of an execution depends only on its key, not on what it writes.
  const idOf = (listId: string, { accountId = defaultAccountId, key }: Key) =>
    WriteWorkflow.executionId({
      write: StoredWrite.make({ accountId, content: nothing, key, listId }),
      fingerprint: ""
    })

  const write = Effect.fnUntraced(
    function*(listId: string, content: StoredWrite.Content, options: WriteOptions) {
      const { accountId = defaultAccountId, key } = options
      const stored = { ...StoredWrite.make({ accountId, content, key, listId }), ...(yield* waitingOf(options.wait)) }
      const fingerprint = yield* Effect.provideService(StoredWrite.fingerprint(content), Digest.Digest, digest)
      const inUse = new WriteKeyInUse({ listId, key })
      const executionId = yield* idOf(listId, options)
      const payload = yield* executions.payload(executionId)
      const known = Option.flatMap(payload, decodePayload)
      if (Option.isSome(known) && known.value.fingerprint !== fingerprint) return yield* inUse
      const end = WriteWorkflow.execute({ write: stored, fingerprint })
      const ended = yield* Effect.result(executions.awaiting(executionId, end))
      // The fingerprint of an ended write is in its result.
      const left = ended._tag === "Success" ? ended.success : ended.failure
      if (left.fingerprint !== fingerprint) return yield* inUse
      return ended._tag === "Success" ? ended.success.operation : yield* ended.failure.error
    },
    Effect.provideService(WorkflowEngine, engine),
    StoreDefect.named
  )

  const createAndWait = Effect.fn("DurableListItems.createAndWait")(
    function*(listId: string, items: Iterable<ListItem>, options: WriteOptions) {
      return yield* write(listId, { action: "create", items: yield* checked("create", listId, items) }, options)
    }
  )
  const replaceAndWait = Effect.fn("DurableListItems.replaceAndWait")(
    function*(listId: string, items: Iterable<ListItem>, options: ReplaceOptions) {
      const valid = yield* checked("replace", listId, items, options.allowEmpty)
      return yield* write(listId, { action: "replace", items: valid }, options)
    }
  )
  const deleteAndWait = Effect.fn("DurableListItems.deleteAndWait")(
    function*(listId: string, itemIds: Iterable<string>, options: WriteOptions) {
      const ids = [...new Set(typeof itemIds === "string" ? [itemIds] : itemIds)]
      if (ids.length === 0) return yield* new NoItems({ listId, action: "delete" })
      return yield* write(listId, { action: "delete", itemIds: ids }, options)
    }
  )
  const cancel = Effect.fn("DurableListItems.cancel")((listId: string, key: Key) =>
    StoreDefect.named(Effect.flatMap(idOf(listId, key), executions.cancel))
  )
  const forget = Effect.fn("DurableListItems.forget")((listId: string, key: Key) =>
    StoreDefect.named(Effect.flatMap(idOf(listId, key), executions.forget))
  )

  return DurableListItems.of({ createAndWait, replaceAndWait, deleteAndWait, cancel, forget })
})

const nothing: StoredWrite.Content = { action: "delete", itemIds: [] }

const decodePayload = Schema.decodeUnknownOption(Schema.toCodecJson(WriteWorkflow.payloadSchema))

const checked = Effect.fnUntraced(function*(
  action: "create" | "replace",
  listId: string,
  items: Iterable<ListItem>,
  allowEmpty = false
) {
  const all = [...items]
  if (all.length === 0 && !allowEmpty) return yield* new NoItems({ listId, action })
  return yield* Effect.fromResult(InvalidItems.check(all))
})

const waitingOf = (options: WriteOptions["wait"]) =>
  Effect.map(PollOptions.PollOptions, (provided) => StoredWait.optionsOf(options, provided))

/**
 * Durable writes over any Effect cluster, like `layer` of `DurablePoller`.
 *
 * @example
 * import { DurableListItems } from "@bulk-operations/durable"
 * import { layerCluster } from "@bulk-operations/durable/sqlite"
 * import { ListItem } from "@bulk-operations/lists"
 * import { Effect, Layer } from "effect"
 *
 * const nightly = (listId: string, date: string, addresses: ReadonlyArray<string>) =>
 *   DurableListItems.DurableListItems.use((items) =>
 *     items.replaceAndWait(listId, addresses.map((address) => ListItem.ip(address)), { key: date })
 *   )
 *
 * const layer = DurableListItems.layer.pipe(Layer.provide(layerCluster({ filename: "writes.db" })))
 */
export const layer: Layer.Layer<
  DurableListItems,
  never,
  ListItems | BulkOperationPoller | BulkOperations | Sharding.Sharding | MessageStorage.MessageStorage
> = Layer.effect(DurableListItems, make).pipe(
  Layer.provideMerge(layerWorkflow),
  Layer.provide([ClusterWorkflowEngine.layer, Digest.layerWebCrypto])
)
