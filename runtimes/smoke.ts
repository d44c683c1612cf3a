/** The smoke test of every runtime: get an operation, wait for it, follow its changes, start one and wait for it. */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { ListItem, ListItems, Lists } from "@bulk-operations/lists"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

/** The environment of a process or the bindings of a Worker, with `CLOUDFLARE_BASE_URL` and the rest. */
export type Env = Readonly<Record<string, string>>

// More often than needed in practice: the operation takes a second, and all of its states must be seen.
const often = { schedule: PollSchedule.spaced("50 millis"), timeout: "10 seconds" } as const

/** Reports on two operations. */
export const program = Effect.gen(function*() {
  const lists = yield* Lists.Lists
  const items = yield* ListItems.ListItems
  const operations = yield* BulkOperations.BulkOperations
  const poller = yield* BulkOperationPoller.BulkOperationPoller

  const list = yield* lists.create({ name: `smoke_${crypto.randomUUID().slice(0, 8)}`, kind: "ip" })
  const operationId = yield* items.create(list.id, [ListItem.ip("192.0.2.1")])
  const { status: get } = yield* operations.get(operationId)
  const [wait, changes] = yield* Effect.all([
    Effect.map(poller.wait(operationId, often), ({ status }) => status),
    poller.changes(operationId, often).pipe(Stream.map(({ status }) => status), Stream.runCollect)
  ], { concurrency: 2 })
  const started = yield* items.createAndWait(list.id, [ListItem.ip("198.51.100.7")], { wait: often })

  return { get, wait, changes, startAndWait: started.status }
})

/** The layers of the program, over `fetch`. */
export const layer = (env: Env) =>
  Layer.mergeAll(Lists.layer, ListItems.layer).pipe(
    Layer.provideMerge(BulkOperationPoller.layer),
    Layer.provideMerge(BulkOperations.layer),
    Layer.provide(CloudflareApi.layerConfig),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )
