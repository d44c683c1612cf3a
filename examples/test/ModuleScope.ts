/**
 * What a Worker should not do: one poller for all of its requests, in the scope of the module.
 *
 * `GET /<operation id>?timeout=…&interval=…` waits for the operation. With `&leave` the request ends after half a second
 * and leaves its wait behind, whose timers and connection die with it.
 */
import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"

const runtime = ManagedRuntime.make(
  BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperations.layer),
    Layer.provide(CloudflareApi.layer({
      credentials: Credentials.apiToken(Redacted.make("any-token")),
      accountId: "account"
    })),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(Layer.succeed(CloudflareApi.RequestPolicy, { ...CloudflareApi.defaultPolicy, timeout: "800 millis" }))
  )
)

const answer = (operationId: string, timeout: number, interval: number) =>
  BulkOperationPoller.BulkOperationPoller.use((poller) =>
    poller.wait(operationId, { timeout, schedule: PollSchedule.spaced(interval) })
  ).pipe(
    Effect.map(({ status }) => new Response(status)),
    Effect.catch((error) => Effect.succeed(new Response(error._tag)))
  )

export default {
  fetch: (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url)
    const millis = (name: string, otherwise: number) => Number(searchParams.get(name) ?? otherwise)
    const wait = answer(pathname.slice(1), millis("timeout", 20_000), millis("interval", 300))
    const answered = runtime.runPromise(wait)
    if (!searchParams.has("leave")) return answered
    return new Promise((resolve) => setTimeout(() => resolve(new Response("left")), 500))
  }
}
