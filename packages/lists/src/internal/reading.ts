/** Reads the items of a list, page by page. */
import type { AccountId } from "@bulk-operations/core/BulkOperation"
import type { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import { CloudflareError, UnexpectedResponse } from "@bulk-operations/core/CloudflareError"
import * as RequestBudget from "@bulk-operations/core/RequestBudget"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { CursorExpired } from "../CursorExpired.ts"
import type { StoredItem } from "../ListItem.ts"
import type { Page } from "../ListItems.ts"
import * as Call from "./call.ts"
import * as Refusal from "./refusal.ts"
import * as Wire from "./wire.ts"

/** What to read. */
export interface Query {
  readonly api: CloudflareApi["Service"]
  readonly accountId: AccountId
  readonly listId: string
  readonly perPage: number
  readonly search: string | undefined
}

const unreadable = (method: "GET", path: string, detail: string) =>
  new CloudflareError({ reason: new UnexpectedResponse({ method, path, errors: [], detail }) })

/** One item. */
export const one = Effect.fnUntraced(function*(
  { accountId, api, listId }: Pick<Query, "accountId" | "api" | "listId">,
  itemId: string
): Effect.fn.Return<StoredItem, CloudflareError> {
  const path = yield* Call.path("GET", accountId, { list_id: listId, item_id: itemId })
  const item = Wire.readStored(yield* api.request(HttpClientRequest.get(path), Schema.Unknown))
  return typeof item === "string" ? yield* unreadable("GET", path, item) : item
})

/** The page at a cursor, or the first one. */
export const page = Effect.fnUntraced(function*(
  { accountId, api, listId, perPage, search }: Query,
  cursor: string | undefined,
  itemsBefore: number
): Effect.fn.Return<Page, CloudflareError | CursorExpired> {
  const path = `${yield* Call.path("GET", accountId, { list_id: listId })}/items`
  const request = HttpClientRequest.get(path, {
    urlParams: {
      per_page: perPage,
      ...(cursor !== undefined && { cursor }),
      ...(search !== undefined && { search })
    }
  })
  const { result, resultInfo } = yield* Effect.mapError(
    api.answer(request, Wire.Items),
    (cause) =>
      cursor !== undefined && Refusal.isExpiredCursor(cause)
        ? new CursorExpired({ listId, cursor, itemsBefore, cause })
        : cause
  )
  const items: Array<StoredItem> = []
  for (const wire of result) {
    const item = Wire.readStored(wire)
    if (typeof item === "string") return yield* unreadable("GET", path, item)
    items.push(item)
  }
  return { items, before: resultInfo.cursors?.before, after: resultInfo.cursors?.after }
})

// Reading whole lists yields to everything else that draws on the request budget.
const bulk: RequestBudget.Claim = { priority: "bulk", delayed: Effect.void, admitted: Effect.void }

interface Position {
  readonly cursor: string | undefined
  readonly itemsBefore: number
}

const paged = <A>(query: Query, cursor: string | undefined, of: (page: Page) => ReadonlyArray<A>) =>
  Stream.suspend(() => {
    // A server that repeats cursors would never end.
    const seen = new Set<string>()
    const start: Position = { cursor, itemsBefore: 0 }
    return Stream.paginate(
      start,
      ({ cursor, itemsBefore }) =>
        Effect.map(
          Effect.provideService(page(query, cursor, itemsBefore), RequestBudget.CurrentClaim, bulk),
          (page) => {
            if (cursor !== undefined) seen.add(cursor)
            const next = page.after === undefined || seen.has(page.after)
              ? Option.none()
              : Option.some({ cursor: page.after, itemsBefore: itemsBefore + page.items.length })
            return [of(page), next] as const
          }
        )
    )
  })

/** All pages from a cursor on. */
export const pages = (query: Query, cursor?: string): Stream.Stream<Page, CloudflareError | CursorExpired> =>
  paged(query, cursor, (page) => [page])

/** All items from a cursor on. */
export const items = (query: Query, cursor?: string): Stream.Stream<StoredItem, CloudflareError | CursorExpired> =>
  paged(query, cursor, ({ items }) => items)
