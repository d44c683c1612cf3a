/**
 * Waits durably for operations, and writes how each wait ends: filename, base URL, account, start in milliseconds, ids.
 */
import * as DurablePoller from "@bulk-operations/durable/DurablePoller"
import { layerSqlite } from "@bulk-operations/durable/sqlite"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Effect, Layer } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Cloudflare from "./Cloudflare.ts"

const [filename = "", baseUrl = "", accountId = "", startedAt = "", ...ids] = process.argv.slice(2)

const waitFor = (id: string) =>
  DurablePoller.DurablePoller.use(({ wait }) => wait(id, { startedAt: DateTime.makeUnsafe(Number(startedAt)) })).pipe(
    Effect.match({ onSuccess: ({ status }) => status, onFailure: ({ message }) => message }),
    Effect.flatMap((end) => Console.log(`${id} ${end}`))
  )

const poller = Cloudflare.layerPoller(baseUrl, accountId).pipe(Layer.provide(FetchHttpClient.layer))

Console.log("open").pipe(
  Effect.andThen(Effect.forEach(ids, waitFor, { concurrency: "unbounded", discard: true })),
  Effect.provide(layerSqlite({ filename }).pipe(Layer.provide(poller))),
  NodeRuntime.runMain
)
