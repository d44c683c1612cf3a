/**
 * The endpoints: their routes, and what each does to an account.
 *
 * Source: Cloudflare's OpenAPI document and the official TypeScript client. "Chosen" marks what they do not specify.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Effect from "effect/Effect"
import * as FindMyWay from "effect/http/FindMyWay"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Endpoint } from "../Endpoint.ts"
import * as Account from "./account.ts"
import * as ItemPage from "./items/itemPage.ts"
import * as ItemSet from "./items/itemSet.ts"
import type { NewItem } from "./items/newItem.ts"
import * as ReadItems from "./items/readItems.ts"
import * as RepeatedPaths from "./items/repeatedPaths.ts"
import * as ListRecord from "./listRecord.ts"
import * as Refusals from "./refusals.ts"
import * as Reply from "./reply.ts"

/** One request to an endpoint. */
export interface Call {
  readonly account: Account.Account
  /** Whether the credential is a token rather than a key. */
  readonly isToken: boolean
  readonly params: Readonly<Record<string, string | undefined>>
  readonly query: ItemPage.Query
  readonly body: string
  readonly now: ItemSet.Instant
  readonly timestamp: (at: ItemSet.Instant) => string
  readonly newId: () => string
  readonly samePath: number
  /** Starts an operation, unless one is pending. */
  readonly start: (list: Account.List, change: ItemSet.Change) => Effect.Effect<Account.Operation, Reply.Refusal>
}

type Handler = (call: Call) => Effect.Effect<Reply.Reply, Reply.Refusal>

const pure = (f: (call: Call) => Result.Result<Reply.Reply, Reply.Refusal>): Handler => (call) =>
  Effect.fromResult(f(call))

const orRefuse = <A>(value: A | undefined, refusal: Reply.Refusal): Result.Result<A, Reply.Refusal> =>
  value === undefined ? Result.fail(refusal) : Result.succeed(value)

const parseJson = (text: string) =>
  Result.try({ try: (): unknown => JSON.parse(text), catch: () => Refusals.invalidJson })

const body = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownResult(schema, { onExcessProperty: "error" })
  return (call: Call): Result.Result<A, Reply.Refusal> =>
    Result.flatMap(parseJson(call.body), (json) => Result.mapError(decode(json), () => Refusals.invalidJson))
}

const findList = ({ account, params }: Call) => orRefuse(account.lists.get(params["list"] ?? ""), Refusals.listNotFound)

const listLists = pure((call) =>
  Result.succeed(Reply.success([...call.account.lists.values()].map((list) => ListRecord.view(list, call.timestamp))))
)

const newList = body(ListRecord.NewList)

const createList = pure((call) =>
  Result.gen(function*() {
    const list = yield* ListRecord.add(call.account, yield* newList(call), call.newId(), call.now)
    return Reply.success(ListRecord.view(list, call.timestamp))
  })
)

const getList = pure((call) =>
  Result.map(findList(call), (list) => Reply.success(ListRecord.view(list, call.timestamp)))
)

const listUpdate = body(Schema.Struct({ description: Schema.optionalKey(ListRecord.Description) }))

const updateList = pure((call) =>
  Result.gen(function*() {
    const list = yield* findList(call)
    // Chosen: without a description, the list keeps its current one.
    const { description = list.description } = yield* listUpdate(call)
    const updated = { ...list, description, modifiedOn: call.now }
    call.account.lists.set(list.id, updated)
    return Reply.success(ListRecord.view(updated, call.timestamp))
  })
)

const deleteList = pure((call) =>
  Result.flatMap(findList(call), ({ id, references }) => {
    if (references > 0) return Result.fail(Refusals.listInUse)
    call.account.lists.delete(id)
    return Result.succeed(Reply.success({ id }))
  })
)

const listItems = pure((call) =>
  Result.gen(function*() {
    const list = yield* findList(call)
    const { items, resultInfo } = yield* ItemPage.page(list.id, list.items, call.query)
    return Reply.success(items.map((item) => ItemPage.view(item, call.timestamp)), resultInfo)
  })
)

const getItem = pure((call) =>
  Result.gen(function*() {
    const list = yield* findList(call)
    const item = yield* orRefuse(list.items.find(({ id }) => id === call.params["item"]), Refusals.itemNotFound)
    return Reply.success(ItemPage.view(item, call.timestamp))
  })
)

// The schema says 200 and a page of the documentation 201; the fixtures of the official clients have 200.
const write = (change: (list: Account.List, call: Call) => Result.Result<ItemSet.Change, Reply.Refusal>): Handler =>
  Effect.fnUntraced(function*(call) {
    const list = yield* Effect.fromResult(findList(call))
    const operation = yield* call.start(list, yield* Effect.fromResult(change(list, call)))
    return Reply.success({ operation_id: operation.id })
  })

const writtenItems = (list: Account.List, call: Call) =>
  Result.flatMap(parseJson(call.body), (json) => ReadItems.read(list.kind, json))

/** Refuses too many redirects with the same path, including those that `stay` in the list. */
const checkPaths = (list: Account.List, call: Call, stay: ItemSet.ItemSet) => (items: ReadonlyArray<NewItem>) => {
  if (list.kind !== "redirect" || call.samePath === Infinity) return Result.succeed(items)
  const others = [...call.account.lists.values()].filter(({ id, kind }) => id !== list.id && kind === "redirect")
  return RepeatedPaths.check(call.samePath, items, [stay, ...others.map((other) => other.items)].flat())
}

const createItems = write((list, call) =>
  Result.gen(function*() {
    const items = yield* writtenItems(list, call)
    const keys = new Set(items.map(({ key }) => key))
    yield* checkPaths(list, call, list.items.filter(({ key }) => !keys.has(key)))(items)
    return ItemSet.append(items, call.newId)
  })
)

const updateItems = write((list, call) =>
  Result.map(
    Result.flatMap(writtenItems(list, call), checkPaths(list, call, [])),
    (items) => ItemSet.replace(items, call.newId)
  )
)

const removal = body(Schema.Struct({
  items: Schema.Array(Schema.Struct({ id: Schema.String })).check(Schema.isMinLength(1))
}))

const deleteItems = write((_list, call) =>
  Result.map(removal(call), ({ items }) => ItemSet.remove(new Set(items.map(({ id }) => id))))
)

const encodeOperation = Schema.encodeSync(BulkOperation.BulkOperation)

const wireOperation = (operation: Account.Operation, { now, timestamp }: Call): Schema.JsonObject => ({
  ...encodeOperation(Account.toBulkOperation(operation, now)),
  // Core's schema writes only one form of timestamp; the simulator supports several.
  ...(operation.end === undefined ? {} : { completed: timestamp(operation.end.at) })
})

const getOperation = pure((call) =>
  Result.map(
    orRefuse(call.account.operations.get(call.params["operation"] ?? ""), Refusals.operationNotFound),
    (operation) => Reply.success(wireOperation(operation, call))
  )
)

// Seen. The id is from Cloudflare's documentation. Chosen: a key is not a token that can be verified.
const verifyToken = pure(({ isToken }) =>
  isToken
    ? Result.succeed(Reply.success(
      { id: "ed17574386854bf78a67040be0a770b0", status: "active" },
      undefined,
      [{ code: 10000, message: "This API Token is valid and active", type: null }]
    ))
    : Result.fail(Refusals.verification.unknown)
)

export interface Route {
  readonly endpoint: Endpoint
  readonly handle: Handler
}

const root = "/client/v4/accounts/:account/rules/lists"

const table: ReadonlyArray<readonly [Endpoint, string, FindMyWay.PathInput, Handler]> = [
  ["lists.list", "GET", root, listLists],
  ["lists.create", "POST", root, createList],
  ["lists.get", "GET", `${root}/:list`, getList],
  ["lists.update", "PUT", `${root}/:list`, updateList],
  ["lists.delete", "DELETE", `${root}/:list`, deleteList],
  ["lists.items.list", "GET", `${root}/:list/items`, listItems],
  ["lists.items.get", "GET", `${root}/:list/items/:item`, getItem],
  ["lists.items.create", "POST", `${root}/:list/items`, createItems],
  ["lists.items.update", "PUT", `${root}/:list/items`, updateItems],
  ["lists.items.delete", "DELETE", `${root}/:list/items`, deleteItems],
  ["lists.bulkOperations.get", "GET", `${root}/bulk_operations/:operation`, getOperation],
  ["user.tokens.verify", "GET", "/client/v4/user/tokens/verify", verifyToken],
  ["accounts.tokens.verify", "GET", "/client/v4/accounts/:account/tokens/verify", verifyToken]
]

const router = FindMyWay.make<Route>({ caseSensitive: true, ignoreDuplicateSlashes: false, maxParamLength: 1000 })
for (const [endpoint, method, path, handle] of table) router.on(method, path, { endpoint, handle })

export type Found = Result.Result<FindMyWay.FindResult<Route>, Reply.Refusal>

/** The route of a request, or why it has none. Chosen: a wrong method is answered like a wrong path. */
export const find = (method: string, url: string): Found =>
  orRefuse(router.find(method, url), Refusals.noRoute(url.split("?")[0] ?? url))
