/**
 * A process of its own that waits for operations, on a budget that it shares with others by a Redis.
 *
 * Arguments: base URL, port of the Redis, seconds, operation ids. Writes a line when it begins, and what was logged.
 */
import { BulkOperations, CloudflareApi, Credentials, RequestBudget } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Simulator } from "@bulk-operations/simulator"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Effect, Layer, Logger, Redacted } from "effect"
import { RateLimiter } from "effect/persistence"

const [baseUrl = "", port = "", seconds = "", ...operationIds] = process.argv.slice(2)

const logs: Array<string> = []
const logger = Logger.make(({ logLevel, message }) => {
  const line = String(message)
  if (line.includes("store of the request budget")) logs.push(`${logLevel} ${line}`)
})

// 40 in 2 seconds, of which 32 are shared.
const Budget = RequestBudget.layerStore(
  RateLimiter.layer.pipe(
    Layer.provide(RateLimiter.layerStoreRedis({ prefix: "bulk-operations-test:" })),
    Layer.provide(NodeRedis.layer({ url: `redis://127.0.0.1:${port}` }))
  ),
  { key: baseUrl, limit: 40, window: "2 seconds" }
)

const Waiting = BulkOperationPoller.layer.pipe(
  Layer.provide(BulkOperations.layer),
  Layer.provide(
    CloudflareApi.layer({
      credentials: Credentials.apiToken(Redacted.make("any-token")),
      accountId: Simulator.accountId,
      baseUrl
    })
  ),
  Layer.provide(Budget),
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.provide(Logger.layer([logger]))
)

await BulkOperationPoller.BulkOperationPoller.use((poller) => {
  process.stdout.write("begun\n")
  return poller.waitAll(operationIds, { schedule: PollSchedule.spaced("50 millis"), timeout: "Infinity" })
}).pipe(Effect.timeoutOption(`${Number(seconds)} seconds`), Effect.provide(Waiting), Effect.runPromise)
process.stdout.write(logs.join("\n"), () => process.exit(0))
