/** The Lists endpoints over a small state, without a network, for applications' tests. */
import type { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import * as CloudflareError from "@bulk-operations/core/CloudflareError"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as ListItem from "../ListItem.ts"
import * as Wire from "./wire.ts"

/** A list with its items by their keys. */
export interface FakeList {
  readonly id: string
  readonly name: string
  readonly kind: ListItem.ListKind
  description: string | undefined
  items: Map<string, ListItem.StoredItem>
}

export interface State {
  readonly lists: Map<string, FakeList>
  /** Starts an operation that makes this change if it completes, and returns its id. */
  readonly start: (listId: string, change: () => void) => string
  readonly newId: (of: string) => string
}

const Removal = Schema.Struct({ items: Schema.Array(Schema.Struct({ id: Schema.String })) })
const NewList = Schema.Struct({
  name: Schema.String,
  kind: ListItem.ListKind,
  description: Schema.optionalKey(Schema.String)
})
const Update = Schema.Struct({ description: Schema.String })

const view = ({ description, id, items, kind, name }: FakeList): Schema.JsonObject => ({
  id,
  name,
  kind,
  ...(description !== undefined && { description }),
  num_items: items.size,
  num_referencing_filters: 0
})

const viewItem = (item: ListItem.StoredItem): Schema.JsonObject => ({ id: item.id, ...Wire.write(item) })

const written = (body: unknown): ReadonlyArray<ListItem.ListItem> =>
  Schema.decodeUnknownSync(Wire.Items)(body).flatMap((wire) => Wire.read(wire) ?? [])

const put = (state: State, list: FakeList, items: ReadonlyArray<ListItem.ListItem>) => {
  for (const item of items) {
    const key = ListItem.key(item)
    list.items.set(key, { ...item, id: list.items.get(key)?.id ?? state.newId("item") })
  }
}

/** Adds a list. */
export const addList = (
  state: State,
  list: Omit<FakeList, "items">,
  items: ReadonlyArray<ListItem.ListItem>
): FakeList => {
  const added: FakeList = { ...list, items: new Map() }
  state.lists.set(list.id, added)
  put(state, added, items)
  return added
}

const withoutItems = (
  state: State,
  list: FakeList | undefined,
  method: string,
  body: unknown
): Schema.Json | undefined => {
  switch (method) {
    case "GET":
      return list === undefined ? [...state.lists.values()].map(view) : view(list)
    case "POST": {
      const { description, kind, name } = Schema.decodeUnknownSync(NewList)(body)
      return view(addList(state, { id: state.newId("list"), name, kind, description }, []))
    }
    case "PUT":
      if (list !== undefined) list.description = Schema.decodeUnknownSync(Update)(body).description
      return list && view(list)
    case "DELETE":
      return list && state.lists.delete(list.id) ? { id: list.id } : undefined
  }
  return undefined
}

const withItems = (state: State, list: FakeList, method: string, body: unknown): Schema.Json => {
  if (method === "GET") return Array.from(list.items.values(), viewItem)
  return {
    operation_id: state.start(list.id, () => {
      if (method === "DELETE") {
        const gone = new Set(Schema.decodeUnknownSync(Removal)(body).items.map(({ id }) => id))
        list.items = new Map([...list.items].filter(([, { id }]) => !gone.has(id)))
        return
      }
      if (method === "PUT") list.items = new Map()
      put(state, list, written(body))
    })
  }
}

const result = (state: State, { body, method, url }: HttpClientRequest.HttpClientRequest): Schema.Json | undefined => {
  const [listId, items, itemId] = (/\/rules\/lists(.*)/.exec(url)?.[1] ?? "").split("/").slice(1).map(
    decodeURIComponent
  )
  const list = listId === undefined ? undefined : state.lists.get(listId)
  const json: unknown = body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(body.body)) : undefined
  if (listId !== undefined && list === undefined) return undefined
  if (items === undefined || list === undefined) return withoutItems(state, list, method, json)
  if (itemId === undefined) return withItems(state, list, method, json)
  const item = [...list.items.values()].find(({ id }) => id === itemId)
  return item && viewItem(item)
}

/** An API that answers from the state; anything missing is `NotFound`. */
export const make = (state: State, accountId: string): CloudflareApi["Service"] => {
  const answer = <A>(request: HttpClientRequest.HttpClientRequest, schema: Schema.Decoder<A>) =>
    Effect.suspend(() => {
      const { method, url: path } = request
      const json = result(state, request)
      if (json === undefined) {
        const reason = new CloudflareError.NotFound({ method, path, status: 404, errors: [] })
        return Effect.fail(new CloudflareError.CloudflareError({ reason }))
      }
      const decoded = Result.getOrThrow(Schema.decodeResult(schema)(json))
      const unexpected = (detail: string) =>
        new CloudflareError.CloudflareError({
          reason: new CloudflareError.UnexpectedResponse({ method, path, status: 200, errors: [], detail })
        })
      return Effect.succeed({ result: decoded, resultInfo: {}, status: 200, headers: Headers.empty, unexpected })
    })
  return {
    accountId,
    answer,
    request: (request, schema) => Effect.map(answer(request, schema), ({ result }) => result)
  }
}
