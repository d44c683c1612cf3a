/**
 * The lists of an account: create, get, list, update and delete them. `ListItems` has their items.
 *
 * Cloudflare's limits, by the account's highest plan: up to 1,000 lists on Enterprise, 10 or 1 on others; hostname and AS
 * number lists are for Enterprise. Beyond them it refuses a new list with `InvalidRequest` (10019).
 *
 * Source: `/accounts/{account_id}/rules/lists` of Cloudflare's API.
 */
import { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Call from "./internal/call.ts"
import { List, ListUpdate, NewList } from "./List.ts"

/** Options of any call. */
export interface Options {
  /** The account of the list. Default: the account of `CloudflareApi`. */
  readonly accountId?: string | undefined
}

/**
 * The lists of an account.
 *
 * `CloudflareApi` retries reads after transient errors. The other calls are sent once: if their answer is lost, check
 * the result with `list`.
 *
 * @example
 * import { Lists } from "@bulk-operations/lists"
 * import { ListsTest } from "@bulk-operations/lists/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const lists = yield* Lists.Lists
 *   const { id } = yield* lists.create({ name: "blocked", kind: "ip" })
 *   yield* lists.update(id, { description: "seen scanning" })
 *   return (yield* lists.get(id)).name
 * })
 *
 * await Effect.runPromise(Effect.provide(program, ListsTest.layer())) // => "blocked"
 */
export class Lists extends Context.Service<Lists, {
  /** All lists of the account. */
  readonly list: (options?: Options) => Effect.Effect<ReadonlyArray<List>, CloudflareError>

  /** One list. */
  readonly get: (listId: string, options?: Options) => Effect.Effect<List, CloudflareError>

  /**
   * A new, empty list.
   *
   * An invalid name, kind or description fails with `InvalidRequest` before anything is sent. A name in use fails with
   * `InvalidRequest` (10021) from Cloudflare.
   */
  readonly create: (list: NewList, options?: Options) => Effect.Effect<List, CloudflareError>

  /** Changes the description of a list. Name and kind cannot be changed. */
  readonly update: (listId: string, update: ListUpdate, options?: Options) => Effect.Effect<List, CloudflareError>

  /** Deletes a list with all its items. Fails with `InvalidRequest` (10031) while a rule uses it. */
  readonly delete: (listId: string, options?: Options) => Effect.Effect<void, CloudflareError>
}>()("@bulk-operations/lists/Lists") {}

const AllLists = Schema.Array(List)

const checked = <A>(schema: Schema.Decoder<A>, method: HttpMethod.HttpMethod) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all" })
  return (value: unknown) =>
    Effect.fromResult(Result.mapError(decode(value), ({ message }) => Call.refuse(method, message)))
}

const checkNew = checked(NewList, "POST")
const checkUpdate = checked(ListUpdate, "PUT")

/**
 * The service over `CloudflareApi`.
 *
 * @example
 * import { Lists } from "@bulk-operations/lists"
 * import { Effect } from "effect"
 *
 * // For a single call, without a layer.
 * export const names = Effect.flatMap(Lists.make, (lists) => lists.list()).pipe(
 *   Effect.map((lists) => lists.map(({ name }) => name))
 * )
 */
export const make = Effect.gen(function*() {
  const api = yield* CloudflareApi

  const request = Effect.fnUntraced(function*(
    method: HttpMethod.HttpMethod,
    options: Options | undefined,
    listId?: string
  ) {
    const accountId = yield* Call.account(api, options?.accountId, method)
    yield* Effect.annotateCurrentSpan({
      "cloudflare.account_id": accountId,
      ...(listId !== undefined && { "cloudflare.list_id": listId })
    })
    return HttpClientRequest.make(method)(
      yield* Call.path(method, accountId, listId === undefined ? {} : { list_id: listId })
    )
  })

  const list = Effect.fn("Lists.list")(function*(options?: Options) {
    return yield* api.request(yield* request("GET", options), AllLists)
  })

  const get = Effect.fn("Lists.get")(function*(listId: string, options?: Options) {
    return yield* api.request(yield* request("GET", options, listId), List)
  })

  const create = Effect.fn("Lists.create")(function*(list: NewList, options?: Options) {
    const body = yield* checkNew(list)
    return yield* api.request(HttpClientRequest.bodyJsonUnsafe(yield* request("POST", options), body), List)
  })

  const update = Effect.fn("Lists.update")(function*(listId: string, update: ListUpdate, options?: Options) {
    const body = yield* checkUpdate(update)
    return yield* api.request(HttpClientRequest.bodyJsonUnsafe(yield* request("PUT", options, listId), body), List)
  })

  const remove = Effect.fn("Lists.delete")(function*(listId: string, options?: Options) {
    yield* api.request(yield* request("DELETE", options, listId), Schema.Unknown)
  })

  return Lists.of({ list, get, create, update, delete: remove })
})

/**
 * The service over `CloudflareApi`.
 *
 * @example
 * import { CloudflareApi } from "@bulk-operations/core"
 * import { Lists } from "@bulk-operations/lists"
 * import { Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * export const Live = Lists.layer.pipe(Layer.provide(CloudflareApi.layerConfig), Layer.provide(FetchHttpClient.layer))
 */
export const layer: Layer.Layer<Lists, never, CloudflareApi> = Layer.effect(Lists, make)
