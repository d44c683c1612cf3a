/**
 * The items of lists: reading them, and writing them by bulk operations.
 *
 * A write is a bulk operation. Cloudflare takes one of an account at a time, so writes take turns (`WriteLane`), and what
 * others have pending is waited out (`WritePolicy`). `create`, `replace` and `delete` give the id of the operation as soon
 * as Cloudflare has taken it; `createAndWait` and its like, when it has completed. All items of a write are checked before
 * anything is sent.
 *
 * Cloudflare's limits on writes are 1,000,000 items and 30,000 requests in 12 hours, and on sizes as the account's plan
 * has it. A list that is full is told by `BulkOperationFailed` ("This list is at the maximum number of items").
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
import type { SyncIncomplete, SyncNotVisible, TooManyDeletions } from "./SyncError.ts"
import type { WriteError } from "./WriteError.ts"
import * as WriteLane from "./WriteLane.ts"
import type { Policy } from "./WritePolicy.ts"

/** What can be said about any call. */
export interface Options {
  /** The account of the list. Default the one of `CloudflareApi`. */
  readonly accountId?: string | undefined
}

/** What to read of a list. */
export interface ReadOptions extends Options {
  /** Where to begin: `after` or `before` of a page. Default at the beginning. */
  readonly cursor?: string | undefined
  /** Items of a page, from 1 to 500. Default 500; Cloudflare's own is 25. */
  readonly perPage?: number | undefined
  /** Addresses that begin with it, hostnames or redirects with it in them, the AS number that is equal to it. */
  readonly search?: string | undefined
}

/** Some of the items of a list, and where there are more. */
export interface Page {
  readonly items: ReadonlyArray<StoredItem>
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Items, or a stream of them that is read to its end before anything is sent. */
export type Items<A, E = never, R = never> = Iterable<A> | Stream.Stream<A, E, R>

/** What can be said about one write; whatever is left out is as `WritePolicy` has it. */
export interface WriteOptions extends Options, Partial<{ readonly [K in keyof Policy]: Policy[K] | undefined }> {}

/** What can be said about a replacement. */
export interface ReplaceOptions extends WriteOptions {
  /** Whether no items at all may empty the list. Default no. */
  readonly allowEmpty?: boolean | undefined
}

/** And about waiting for it. */
export interface Waiting {
  /** How to wait; whatever is left out is as `PollOptions` has it. */
  readonly wait?: Writing.Waiting | undefined
}

export type { SyncOptions, SyncReport } from "./internal/syncing.ts"

/** How a write and the wait for its end can fail, wrong items apart. */
export type WaitError = WriteError | BulkOperationFailed | PollTimeout

/** The items of lists. */
export class ListItems extends Context.Service<ListItems, {
  /** One item. */
  readonly get: (listId: string, itemId: string, options?: Options) => Effect.Effect<StoredItem, CloudflareError>

  /** One page of items. */
  readonly list: (listId: string, options?: ReadOptions) => Effect.Effect<Page, CloudflareError | CursorExpired>

  /**
   * All items, in Cloudflare's order, page by page as they are taken, in constant memory.
   *
   * A list of 1,000,000 items is 2,000 requests, of which Cloudflare allows 1,200 in 5 minutes.
   */
  readonly stream: (listId: string, options?: ReadOptions) => Stream.Stream<StoredItem, CloudflareError | CursorExpired>

  /** All pages. `after` of the last one that came is where a next `stream` can go on. */
  readonly pages: (listId: string, options?: ReadOptions) => Stream.Stream<Page, CloudflareError | CursorExpired>

  /**
   * Adds items (`POST`). One that the list has already gets the new comment and details, and keeps its id.
   */
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

  /** Deletes the items with these ids (`DELETE`); an id that is there twice counts once. */
  readonly delete: <E = never, R = never>(
    listId: string,
    itemIds: Items<string, E, R>,
    options?: WriteOptions
  ) => Effect.Effect<OperationId, WriteError | E, R>

  /** `create`, and the operation once it has completed. */
  readonly createAndWait: <E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: WriteOptions & Waiting
  ) => Effect.Effect<Completed, WaitError | InvalidItems.InvalidItems | E, R>

  /** `replace`, and the operation once it has completed. */
  readonly replaceAndWait: <E = never, R = never>(
    listId: string,
    items: Items<ListItem, E, R>,
    options?: ReplaceOptions & Waiting
  ) => Effect.Effect<Completed, WaitError | InvalidItems.InvalidItems | E, R>

  /** `delete`, and the operation once it has completed. */
  readonly deleteAndWait: <E = never, R = never>(
    listId: string,
    itemIds: Items<string, E, R>,
    options?: WriteOptions & Waiting
  ) => Effect.Effect<Completed, WaitError | E, R>

  /**
   * Makes the list hold these items and no others, with the least that does it: nothing where nothing differs, one write
   * or two, or a replacement of all where much differs (`SyncPlan`). Waits for the end of what it does.
   *
   * No other writer of this process comes between reading the list and writing to it.
   */
  readonly sync: <E = never, R = never>(
    listId: string,
    wanted: Items<ListItem, E, R>,
    options?: Syncing.SyncOptions
  ) => Effect.Effect<
    Syncing.SyncReport,
    | WaitError
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
      return yield* Call.refuse("GET", `perPage: expected a whole number from 1 to 500, got ${perPage}`)
    }
    const accountId = yield* Call.account(api, options?.accountId, "GET")
    return { api, accountId, listId, perPage, search: options?.search }
  })

  const get = Effect.fn("ListItems.get")(function*(listId: string, itemId: string, options?: Options) {
    const accountId = yield* Call.accountOf(api, options, listId, "GET")
    return yield* Reading.one({ api, accountId, listId }, itemId)
  })

  const list = Effect.fn("ListItems.list")(function*(listId: string, options?: ReadOptions) {
    yield* Call.accountOf(api, options, listId, "GET")
    return yield* Reading.page(yield* queryOf(listId, options), options?.cursor, 0)
  })

  const pages = (listId: string, options?: ReadOptions) =>
    Stream.unwrap(Effect.map(queryOf(listId, options), (query) => Reading.pages(query, options?.cursor)))

  const stream = (listId: string, options?: ReadOptions) =>
    Stream.unwrap(Effect.map(queryOf(listId, options), (query) => Reading.items(query, options?.cursor)))

  return ListItems.of({ get, list, stream, pages, ...Writer.make(api, poller, lane) })
})

/** The service with write lanes in this process; `make` takes whatever `WriteLane` there is. */
export const layer: Layer.Layer<ListItems, never, BulkOperationPoller | CloudflareApi> = Layer.effect(ListItems, make)
  .pipe(Layer.provide(WriteLane.layer))
