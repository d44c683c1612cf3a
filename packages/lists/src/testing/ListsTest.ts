/**
 * Lists without a network, for applications' tests: the real `Lists` and `ListItems` over lists in memory. Operations
 * end at once.
 *
 * For Cloudflare's limits, failures and delays, use `@bulk-operations/simulator`.
 *
 * @example
 * import { ListItem, ListItems } from "@bulk-operations/lists"
 * import { ListsTest } from "@bulk-operations/lists/testing"
 * import { Effect } from "effect"
 *
 * const block = (address: string) =>
 *   ListItems.ListItems.use((items) => items.createAndWait("blocked", [ListItem.ip(address)]))
 *
 * const test = Effect.gen(function*() {
 *   const lists = yield* ListsTest.ListsTest
 *   yield* block("192.0.2.1/32")
 *   return (yield* lists.items("blocked")).map(ListItem.show)
 * })
 * await Effect.runPromise(Effect.provide(test, ListsTest.layer([{ id: "blocked", kind: "ip" }]))) // => ["192.0.2.1"]
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import { BulkOperationFailed } from "@bulk-operations/poll/WaitError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as FakeApi from "../internal/fakeApi.ts"
import type * as ListItem from "../ListItem.ts"
import * as ListItems from "../ListItems.ts"
import * as Lists from "../Lists.ts"

/** A list that exists from the start. */
export interface InitialList {
  readonly id: string
  readonly kind: ListItem.ListKind
  /** Default: its id. */
  readonly name?: string
  readonly items?: ReadonlyArray<ListItem.ListItem>
}

/** Controls and inspects the lists in a test. */
export class ListsTest extends Context.Service<ListsTest, {
  /** The items of a list; empty if there is no such list. */
  readonly items: (listId: string) => Effect.Effect<ReadonlyArray<ListItem.StoredItem>>

  /** Makes the next operation fail with this text. Several calls make several operations fail. */
  readonly failNext: (error: string) => Effect.Effect<void>

  /** The lists that operations were started on, in order. */
  readonly operations: Effect.Effect<ReadonlyArray<string>>
}>()("@bulk-operations/lists/testing/ListsTest") {}

const make = (initial: ReadonlyArray<InitialList>) => {
  const failures: Array<string> = []
  const operations: Array<string> = []
  const failed = new Map<string, string>()
  let ids = 0
  const state: FakeApi.State = {
    lists: new Map(),
    newId: (of) => `${of}-${++ids}`,
    start: (listId, change) => {
      const id = `operation-${operations.push(listId)}`
      const error = failures.shift()
      if (error === undefined) change()
      else failed.set(id, error)
      return id
    }
  }
  for (const { id, items = [], kind, name = id } of initial) {
    FakeApi.addList(state, { id, kind, name, description: undefined }, items)
  }
  const wait = (operationId: string) => {
    const id = BulkOperation.OperationId.make(operationId)
    const error = failed.get(operationId)
    return error === undefined
      ? Effect.succeed(BulkOperation.Completed.make({ id, completed: Option.none() }))
      : Effect.fail(
        new BulkOperationFailed({
          operation: BulkOperation.Failed.make({ id, completed: Option.none(), error: Option.some(error) })
        })
      )
  }
  const control: ListsTest["Service"] = {
    items: (listId) => Effect.sync(() => [...state.lists.get(listId)?.items.values() ?? []]),
    failNext: (error) => Effect.sync(() => void failures.push(error)),
    operations: Effect.sync(() => [...operations])
  }
  return { state, wait, control }
}

/** `Lists`, `ListItems` and `ListsTest` over these lists. Each build has its own lists. */
export const layer = (
  initial: ReadonlyArray<InitialList> = []
): Layer.Layer<Lists.Lists | ListItems.ListItems | ListsTest> =>
  Layer.unwrap(Effect.sync(() => {
    const { control, state, wait } = make(initial)
    // Fresh, because a layer that is provided within another one would get the services of that one.
    return Layer.mergeAll(Layer.fresh(Lists.layer), Layer.fresh(ListItems.layer), Layer.succeed(ListsTest, control))
      .pipe(
        Layer.provide(Layer.succeed(CloudflareApi, FakeApi.make(state, "account"))),
        Layer.provide(Layer.mock(BulkOperationPoller, { wait, run: (start) => Effect.flatMap(start, wait) }))
      )
  }))
