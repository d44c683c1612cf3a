/**
 * The endpoints: where they are, and what each does to an account.
 *
 * Source: Cloudflare's OpenAPI document and the official TypeScript client. Where they tell nothing, "Chosen" says so.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FindMyWay from "effect/http/FindMyWay"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Endpoint } from "../Endpoint.ts"
import * as Account from "./account.ts"
import * as ListItem from "./item.ts"
import * as Items from "./items.ts"
import * as Refusals from "./refusals.ts"
import * as Reply from "./reply.ts"

/** One request, at its endpoint. */
export interface Call {
  readonly account: Account.Account
  readonly params: Readonly<Record<string, string | undefined>>
  readonly query: Items.Query
  readonly body: string
  readonly now: Account.Instant
  readonly timestamp: (at: Account.Instant) => string
  readonly newId: () => string
  /** Starts an operation, unless one is pending. */
  readonly start: (list: Account.List, change: Account.Change) => Effect.Effect<Account.Operation, Reply.Refusal>
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

const viewList = (list: Account.List, { timestamp }: Call): Schema.JsonObject => ({
  id: list.id,
  name: list.name,
  // Recorded answers have no key for a description that was never given.
  ...(list.description === undefined ? {} : { description: list.description }),
  kind: list.kind,
  num_items: list.items.length,
  num_referencing_filters: list.references,
  created_on: timestamp(list.createdOn),
  modified_on: timestamp(list.modifiedOn)
})

const listLists = pure((call) =>
  Result.succeed(Reply.success([...call.account.lists.values()].map((list) => viewList(list, call))))
)

const Description = Schema.String.check(Schema.isMaxLength(500))

// The documentation's pages allow lower case only, the schema both: the wider one is taken.
const newList = body(Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9_]{1,50}$/)),
  kind: ListItem.Kind,
  description: Schema.optionalKey(Description)
}))

const createList = pure((call) =>
  Result.flatMap(newList(call), ({ description, kind, name }) => {
    if (Account.nameIsTaken(call.account, name)) return Result.fail(Refusals.nameTaken)
    const list: Account.List = {
      id: call.newId(),
      kind,
      name,
      description,
      references: 0,
      createdOn: call.now,
      modifiedOn: call.now,
      items: []
    }
    call.account.lists.set(list.id, list)
    return Result.succeed(Reply.success(viewList(list, call)))
  })
)

const getList = pure((call) => Result.map(findList(call), (list) => Reply.success(viewList(list, call))))

const listUpdate = body(Schema.Struct({ description: Schema.optionalKey(Description) }))

const updateList = pure((call) =>
  Result.gen(function*() {
    const list = yield* findList(call)
    // Chosen: without a description, the list keeps the one it has.
    const { description = list.description } = yield* listUpdate(call)
    const updated = { ...list, description, modifiedOn: call.now }
    call.account.lists.set(list.id, updated)
    return Reply.success(viewList(updated, call))
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
    const { items, resultInfo } = yield* Items.page(yield* findList(call), call.query)
    return Reply.success(items.map((item) => Account.view(item, call.timestamp)), resultInfo)
  })
)

const getItem = pure((call) =>
  Result.gen(function*() {
    const list = yield* findList(call)
    const item = yield* orRefuse(list.items.find(({ id }) => id === call.params["item"]), Refusals.itemNotFound)
    return Reply.success(Account.view(item, call.timestamp))
  })
)

// The schema says 200 and a page of the documentation 201; the fixtures of the official clients have 200.
const write = (change: (list: Account.List, call: Call) => Result.Result<Account.Change, Reply.Refusal>): Handler =>
  Effect.fnUntraced(function*(call) {
    const list = yield* Effect.fromResult(findList(call))
    const operation = yield* call.start(list, yield* Effect.fromResult(change(list, call)))
    return Reply.success({ operation_id: operation.id })
  })

const writtenItems = (list: Account.List, call: Call) =>
  Result.flatMap(parseJson(call.body), (json) => ListItem.read(list.kind, json))

const createItems = write((list, call) =>
  Result.map(writtenItems(list, call), (items) => Items.append(items, call.newId))
)

const updateItems = write((list, call) =>
  Result.map(writtenItems(list, call), (items) => Items.replace(items, call.newId))
)

const removal = body(Schema.Struct({
  items: Schema.Array(Schema.Struct({ id: Schema.String })).check(Schema.isMinLength(1))
}))

const deleteItems = write((_list, call) =>
  Result.map(removal(call), ({ items }) => Items.remove(new Set(items.map(({ id }) => id))))
)

const encodeOperation = Schema.encodeSync(BulkOperation.BulkOperation)

const wireOperation = (operation: Account.Operation, call: Call): Schema.JsonObject => {
  const id = BulkOperation.OperationId.make(operation.id)
  if (operation.end === undefined) {
    const state = Account.status(operation, call.now) === "running" ? BulkOperation.Running : BulkOperation.Pending
    return encodeOperation(state.make({ id }))
  }
  const { at, outcome } = operation.end
  const completed = Option.some(DateTime.makeUnsafe(at))
  const ended = outcome._tag === "Completed"
    ? BulkOperation.Completed.make({ id, completed })
    : BulkOperation.Failed.make({ id, completed, error: Option.some(outcome.error) })
  const wire = encodeOperation(ended)
  return Predicate.hasProperty(wire, "completed") ? { ...wire, completed: call.timestamp(at) } : { ...wire }
}

const getOperation = pure((call) =>
  Result.map(
    orRefuse(call.account.operations.get(call.params["operation"] ?? ""), Refusals.operationNotFound),
    (operation) => Reply.success(wireOperation(operation, call))
  )
)

export interface Route {
  readonly endpoint: Endpoint
  readonly handler: Handler
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
  ["lists.bulkOperations.get", "GET", `${root}/bulk_operations/:operation`, getOperation]
]

const router = FindMyWay.make<Route>({ caseSensitive: true, ignoreDuplicateSlashes: false, maxParamLength: 1000 })
for (const [endpoint, method, path, handler] of table) router.on(method, path, { endpoint, handler })

const methods = [...new Set(table.map(([, method]) => method))]

/** The route of a request, or why it has none. */
export const find = (
  method: string,
  url: string
): Result.Result<FindMyWay.FindResult<Route>, Reply.Refusal> => {
  const found = router.find(method, url)
  if (found !== undefined) return Result.succeed(found)
  const [path = url] = url.split("?")
  return Result.fail(methods.some((other) => router.has(other, path)) ? Refusals.wrongMethod : Refusals.noRoute(path))
}
