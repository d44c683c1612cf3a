/**
 * The way in over real HTTP, on Node.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as NetAddress from "effect/net/NetAddress"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import * as SimulatorError from "../SimulatorError.ts"
import type { Application } from "./application.ts"
import { deliver } from "./delivery.ts"

// A client that has been sent something is to read it before it finds the connection closed.
const breakConnection = (request: HttpServerRequest.HttpServerRequest, isUsed: boolean) =>
  Effect.suspend(() => {
    const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
    if (isUsed) socket.destroySoon()
    else socket.resetAndDestroy()
    return Effect.never
  })

/** Serves until the scope closes, which cuts the connections that are still open. Gives the origin of its URLs. */
export const serve = Effect.fnUntraced(function*(
  handle: Application["handle"],
  options: { readonly host: string; readonly port: number }
): Effect.fn.Return<string, SimulatorError.SimulatorError, Scope.Scope> {
  // Node allows 16 KiB by default, and a cursor holds the source of a redirect, which may have 32,768 characters.
  const node = createServer({ maxHeaderSize: 64 * 1024 })
  const server = yield* Effect.mapError(
    NodeHttpServer.make(() => node, { ...options, disablePreemptiveShutdown: true }),
    ({ cause }) => new SimulatorError.SimulatorError({ reason: new SimulatorError.CannotListen({ ...options, cause }) })
  )
  const application = Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const answer = yield* handle({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: yield* request.text
    })
    return yield* deliver(answer, breakConnection(request, answer.delivery.sent !== "nothing"))
    // The server itself is uninterruptible; a request ends when its client leaves or the server closes.
  }).pipe(Effect.interruptible)
  // The simulator plays a remote service: it does not show up in the traces of the program around it.
  yield* Effect.provideService(server.serve(application), HttpMiddleware.TracerDisabledWhen, () => true)
  // Added last, so that it goes first: connections are cut before the server would answer what is still under way.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      node.close()
      node.closeAllConnections()
    })
  )
  return origin(server.address)
})

// A server that listens on all addresses is reached by this one as well.
const origin = (address: NetAddress.SocketAddress): string =>
  NetAddress.isInetAddress(address) && NetAddress.isUnspecified(address.address)
    ? NetAddress.formatUrlUnsafe(NetAddress.inetAddressUnsafe(NetAddress.ipv4Loopback, address.port))
    : NetAddress.formatUrlUnsafe(address)
