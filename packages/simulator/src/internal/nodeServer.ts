/**
 * The way in over real HTTP, on Node.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import type * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import type { Application } from "./application.ts"

/** Serves until the scope closes; connections that are still open are cut then. */
export const serve = Effect.fnUntraced(function*(
  { handle }: Application,
  options: { readonly host: string; readonly port: number }
): Effect.fn.Return<HttpServer.HttpServer["Service"], ServeError, Scope.Scope> {
  const node = createServer()
  const server = yield* NodeHttpServer.make(() => node, { ...options, disablePreemptiveShutdown: true })
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
  yield* server.serve(Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { body, headers, status } = yield* handle({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: yield* Effect.orElseSucceed(request.text, () => "")
    })
    return HttpServerResponse.text(body, { status, headers })
  }))
  return server
})
