/**
 * Waits in a Cloudflare Worker, with a poller for each request.
 *
 * A Worker's timers and connections belong to the request that created them, and end with it. So the layers are built
 * in the handler, not in the module: no wait then depends on another request.
 */
import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
import { BulkOperationPoller } from "@bulk-operations/poll"
import { ConfigProvider, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

// A Worker's variables and secrets: CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID and so on.
type Env = Readonly<Record<string, string>>

const live = (env: Env) =>
  BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperations.layer),
    Layer.provide(CloudflareApi.layerConfig),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
  )

// `GET /<operation id>` answers once the operation has ended.
const answer = (operationId: string) =>
  BulkOperationPoller.BulkOperationPoller.use((poller) => poller.wait(operationId, { timeout: "20 seconds" })).pipe(
    Effect.map(({ status }) => new Response(status)),
    Effect.catch(({ message }) => Effect.succeed(new Response(message, { status: 502 })))
  )

export default {
  fetch: (request: Request, env: Env): Promise<Response> => {
    const operationId = new URL(request.url).pathname.slice(1)
    // A client that disconnects ends its wait.
    return Effect.runPromise(Effect.provide(answer(operationId), live(env)), { signal: request.signal })
  }
}
