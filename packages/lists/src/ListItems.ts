/**
 * Reads the items of lists, and writes them by bulk operations.
 *
 * A write is a bulk operation. Cloudflare accepts one at a time for an account, so writes take turns (`WriteLane`), and
 * are retried while somebody else's operation is pending (`WritePolicy`). `create`, `replace` and `delete` return the
 * operation id as soon as Cloudflare has accepted the write; `createAndWait` and the like return when it has completed.
 * All items of a write are checked before anything is sent.
 *
 * Cloudflare limits writes to 1,000,000 items and 30,000 requests in 12 hours, and sizes by the account's plan. If a
 * list is full, the write fails with `BulkOperationFailed` ("This list is at the maximum number of items").
 *
 * Source: `/accounts/{account_id}/rules/lists/{list_id}/items` of Cloudflare's API.
 */
import type { Completed, OperationId } from "@bulk-operations/core/BulkOperation"
import { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import type { BulkOperationFailed, PollTimeout } from "@bulk-operations/poll/WaitError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { CursorExpired } from "./CursorExpired.ts"
import * as Call from "./internal/call.ts"
import * as Reading from "./internal/reading.ts"
import type * as Syncing from "./internal/syncing.ts"
import * as Writer from "./internal/writer.ts"
import type * as Writing from "./internal/writing.ts"
import type * as InvalidItems from "./InvalidItems.ts"
import type { ListItem, StoredItem } from "./ListItem.ts"
import type { Options } from "./Lists.ts"
import type { SyncIncomplete, SyncNotVisible, TooManyDeletions } from "./SyncError.ts"
import type { WriteError } from "./WriteError.ts"
import * as WriteLane from "./WriteLane.ts"
import type { Policy } from "./WritePolicy.ts"

/** What to read of a list. */
export interface ReadOptions extends Options {
  /** Where to begin: `after` or `before` of a page. Default: the beginning. */
  readonly cursor?: string | undefined
  /** Items per page, from 1 to 500. Default 500; Cloudflare's own default is 25. */
  readonly perPage?: number | undefined
  /**
   * Finds addresses that begin with this text, hostnames or redirects that contain it, or the AS number equal to it.
   */
  readonly search?: string | undefined
}

/** One page of items, with cursors to others. */
export interface Page {
  readonly items: ReadonlyArray<StoredItem>
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Items, or a stream of items, which is read to its end before anything is sent. */
export type Items<A, E = never, R = never> = Iterable<A> | Stream.Stream<A, E, R>

/** Options of a write; those left out come from `WritePolicy`. */
export interface WriteOptions extends Options, Partial<{ readonly [K in keyof Policy]: Policy[K] | undefined }> {}

/** Options of a replacement. */
export interface ReplaceOptions extends WriteOptions {
  /** Whether an empty source may empty the list. Default: no. */
  readonly allowEmpty?: boolean | undefined
}

/** Options of waiting for a write. */
export interface Waiting {
  /** Options of the wait; those left out come from `PollOptions`. */
  readonly wait?: Writing.Waiting | undefined
}

export type { SyncOptions, SyncReport } from "./internal/syncing.ts"

/** Errors of a write and of the wait for its end, except wrong items. */
export type WriteAndWaitError = WriteError | BulkOperationFailed | PollTimeout

/** The items of lists. */
export class ListItems extends Context.Service<ListItems, {
  /** One item. */
  readonly get: (listId: string, itemId: string, options?: Options) => Effect.Effect<StoredItem, CloudflareError>

  /** One page of items. */
  readonly list: (listId: string, options?: ReadOptions) => Effect.Effect<Page, CloudflareError | CursorExpired>

  /**
   * All items, in Cloudflare's order. Pages are read as they are consumed, in constant memory.
   *
   * A list of 1,000,000 items takes 2,000 requests; Cloudflare allows 1,200 in 5 minutes.
   */
  readonly stream: (listId: string, options?: ReadOptions) => Stream.Stream<StoredItem, CloudflareError | CursorExpired>

  /** All pages. A later `stream` can continue from `after` of the last page. */
  readonly pages: (listId: string, options?: ReadOptions) => Stream.Stream<Page, CloudflareError | CursorExpired>

  /** Adds items (`POST`). An existing item gets the new comment and details, and keeps its id. */
  readonly create: <E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: WriteOptions
  ) => Effect.Effect<OperationId, WriteError | InvalidItems.InvalidItems | E, R>

  /** Replaces all items (`PUT`). Every item gets a new id. */
  readonly replace: <E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: ReplaceOptions
  ) => Effect.Effect<OperationId, WriteError | InvalidItems.InvalidItems | E, R>

  /** Deletes the items with these ids (`DELETE`); a repeated id counts once. */
  readonly delete: <E = never, R = never>(
    listId: string,
    itemIds: Items<string, E, R>,
    options?: WriteOptions
  ) => Effect.Effect<OperationId, WriteError | E, R>

  /** Like `create`, but returns the operation once it has completed. */
  readonly createAndWait: <E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: WriteOptions & Waiting
  ) => Effect.Effect<Completed, WriteAndWaitError | InvalidItems.InvalidItems | E, R>

  /** Like `replace`, but returns the operation once it has completed. */
  readonly replaceAndWait: <E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: ReplaceOptions & Waiting
  ) => Effect.Effect<Completed, WriteAndWaitError | InvalidItems.InvalidItems | E, R>

  /** Like `delete`, but returns the operation once it has completed. */
  readonly deleteAndWait: <E = never, R = never>(
    listId: string,
    itemIds: Items<string, E, R>,
    options?: WriteOptions & Waiting
  ) => Effect.Effect<Completed, WriteAndWaitError | E, R>

  /**
   * Makes the list hold exactly these items, with as few writes as possible: none if nothing differs, one or two, or a
   * replacement of all items if much differs (`SyncPlan`). Waits for its operations to end.
   *
   * No other writer of this process can write between reading the list and writing to it.
   */
  readonly sync: <E = never, R = never>(
    listId: string,
    wanted: Items<ListItem, E, R>,
    options?: Syncing.SyncOptions
  ) => Effect.Effect<
    Syncing.SyncReport,
    | WriteAndWaitError
    | InvalidItems.InvalidItems
    | CursorExpired
    | TooManyDeletions
    | SyncIncomplete
    | SyncNotVisible
    | E,
    R
  >
}>()("@bulk-operations/lists/ListItems") {}

const maxPerPage = 500

/** The service over `CloudflareApi`, `BulkOperationPoller` and a `WriteLane`. */
export const make = Effect.gen(function*() {
  const api = yield* CloudflareApi
  const poller = yield* BulkOperationPoller
  const lane = yield* WriteLane.WriteLane

  const queryOf = Effect.fnUntraced(function*(listId: string, options: ReadOptions | undefined) {
    const perPage = options?.perPage ?? maxPerPage
    if (!Number.isInteger(perPage) || perPage < 1 || perPage > maxPerPage) {
      const detail = `perPage: expected a whole number from 1 to 500, got ${perPage}`
      return yield* Call.refuse("GET", detail, Call.itemsPath)
    }
    const accountId = yield* Call.accountOf(api, options, listId, "GET")
    return { api, accountId, listId, perPage, search: options?.search }
  })

  const get = Effect.fn("ListItems.get")(function*(listId: string, itemId: string, options?: Options) {
    const accountId = yield* Call.accountOf(api, options, listId, "GET")
    return yield* Reading.one({ api, accountId, listId }, itemId)
  })

  const list = Effect.fn("ListItems.list")(function*(listId: string, options?: ReadOptions) {
    return yield* Reading.page(yield* queryOf(listId, options), options?.cursor, 0)
  })

  const pages = (listId: string, options?: ReadOptions) =>
    Stream.unwrap(Effect.map(queryOf(listId, options), (query) => Reading.pages(query, options?.cursor))).pipe(
      Stream.withSpan("ListItems.pages")
    )

  const stream = (listId: string, options?: ReadOptions) =>
    Stream.unwrap(Effect.map(queryOf(listId, options), (query) => Reading.items(query, options?.cursor))).pipe(
      Stream.withSpan("ListItems.stream")
    )

  return ListItems.of({ get, list, stream, pages, ...Writer.make(api, poller, lane) })
})

/** The service with write lanes in this process; `make` uses the `WriteLane` in its context. */
export const layer: Layer.Layer<ListItems, never, BulkOperationPoller | CloudflareApi> = Layer.effect(ListItems, make)
  .pipe(Layer.provide(WriteLane.layer))
