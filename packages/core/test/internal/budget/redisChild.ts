/**
 * One process of several that share a budget on Redis, by the real clock: polls as fast as it may for a while, closes
 * the scope, and writes down what happened.
 *
 * Arguments: port, key, seconds, requests per window, seconds of the window. Writes a line when it has begun.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import { Clock, Effect, Layer, Logger } from "effect"
import { RateLimiter } from "effect/persistence"
import * as RequestBudget from "../../../src/RequestBudget.ts"
import { as, cloudflare } from "./sending.ts"

const [port = "", key = "", seconds = "", limit = "", window = ""] = process.argv.slice(2)

const logs: Array<string> = []
const layer = RequestBudget.layerStore(
  RateLimiter.layer.pipe(
    Layer.provide(RateLimiter.layerStoreRedis({ prefix: "bulk-operations-test:" })),
    Layer.provide(NodeRedis.layer({ url: `redis://127.0.0.1:${port}` }))
  ),
  { key, limit: Number(limit), window: `${Number(window)} seconds` }
).pipe(Layer.provideMerge(Logger.layer([Logger.make(({ logLevel, message }) => {
  const line = String(message)
  if (line.includes("request budget")) logs.push(`${logLevel} ${line}`)
})])))

const sent: Array<number> = []
const { send } = cloudflare(undefined, 20)
const poll = Effect.andThen(
  as("poll")(send("/poll")),
  Effect.map(Clock.currentTimeMillis, (at) => void sent.push(at - 20))
)
const polls = Effect.forEach(Array.from({ length: 10 }), () => Effect.forever(poll), { concurrency: "unbounded" }).pipe(
  Effect.timeoutOption(`${Number(seconds)} seconds`)
)

const begin = Effect.andThen(as("poll")(send("/first")), Effect.sync(() => process.stdout.write("begun\n")))

const began = await Effect.runPromise(
  begin.pipe(Effect.andThen(polls), Effect.andThen(Clock.currentTimeMillis), Effect.provide(layer))
)
const closedIn = await Effect.runPromise(Effect.map(Clock.currentTimeMillis, (now) => now - began))
process.stdout.write(JSON.stringify({ sent, logs, closedIn }), () => process.exit(0))
