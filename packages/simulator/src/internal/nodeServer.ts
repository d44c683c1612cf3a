/**
 * Access over real HTTP, on Node.
 *
 * It uses `node:http` directly: for speed, and because it has to break connections.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as NetAddress from "effect/net/NetAddress"
import type * as Scope from "effect/Scope"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import * as SimulatorError from "../SimulatorError.ts"
import type { Application } from "./application.ts"
import type { Answer } from "./exchange.ts"

const readBody = (request: IncomingMessage): Effect.Effect<string> =>
  request.headers["content-length"] === undefined && request.headers["transfer-encoding"] === undefined
    ? Effect.succeed("")
    : Effect.callback((resume) => {
      const chunks: Array<Uint8Array> = []
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      request.once("end", () => resume(Effect.succeed(Buffer.concat(chunks).toString("utf8"))))
    })

// A client must be able to read what was sent before the connection closes.
const breakConnection = ({ socket }: IncomingMessage, isUsed: boolean) => {
  if (isUsed) socket.destroySoon()
  else socket.resetAndDestroy()
}

const send = (request: IncomingMessage, response: ServerResponse, answer: Answer): void => {
  const { body, contentType, delivery: { ending, sent }, headers, status } = answer
  if (sent === "nothing") {
    if (ending === "reset") breakConnection(request, false)
    return
  }
  const type = body === "" ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(body) }
  response.writeHead(status, { ...headers, ...type })
  if (ending === "end") {
    response.end(body)
    return
  }
  const bytes = Buffer.from(body)
  const part = sent === "all" ? bytes : bytes.subarray(0, Math.ceil(bytes.length / 2))
  response.write(part, () => ending === "reset" && breakConnection(request, true))
}

const listen = (server: Server, options: { readonly host: string; readonly port: number }) =>
  Effect.callback<NetAddress.InetAddress, SimulatorError.SimulatorError>((resume) => {
    server.once("error", (cause) =>
      resume(Effect.fail(
        new SimulatorError.SimulatorError({ reason: new SimulatorError.CannotListen({ ...options, cause }) })
      )))
    server.listen(options, () => {
      const bound = server.address()
      if (bound !== null && typeof bound === "object") {
        resume(Effect.succeed(NetAddress.inetAddressUnsafe(NetAddress.ipFromStringUnsafe(bound.address), bound.port)))
      }
    })
  })

// Open requests are cut off rather than answered.
const close = (server: Server) =>
  Effect.sync(() => {
    server.close()
    server.closeAllConnections()
  })

// For example, a fault whose draw dies. The client sees a broken connection.
const report = ({ method, url }: IncomingMessage, cause: Cause.Cause<never>) =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.void
    : Effect.logError(`The simulator failed on ${method} ${url}`, cause)

/** Serves until the scope closes, which cuts open connections. Returns the origin of its URLs. */
export const serve = Effect.fnUntraced(function*(
  handle: Application["handle"],
  options: { readonly host: string; readonly port: number }
): Effect.fn.Return<string, SimulatorError.SimulatorError, Scope.Scope> {
  const run = Effect.runForkWith(yield* Effect.context<never>())

  const exchange = Effect.fnUntraced(function*(request: IncomingMessage, response: ServerResponse) {
    const body = yield* readBody(request)
    const { method = "GET", url = "/" } = request
    const answer = yield* handle({ method, url, headers: Headers.fromInput(request.headers), body })
    send(request, response, answer)
  })

  // Node allows 16 KiB by default, but a cursor contains the source of a redirect, which may have 32,768 characters: at
  // three bytes each they take 128 KiB in the cursor.
  const server = createServer({ maxHeaderSize: 192 * 1024 }, (request, response) => {
    const fiber = run(Effect.onError(
      exchange(request, response),
      (cause) => Effect.andThen(Effect.sync(() => response.destroy()), report(request, cause))
    ))
    // The client has left, or the server closes.
    response.once("close", () => fiber.interruptUnsafe())
  })
  return origin(yield* Effect.acquireRelease(listen(server, options), () => close(server)))
})

// A server that listens on all addresses is reachable at this one.
const origin = ({ address, port }: NetAddress.InetAddress): string =>
  NetAddress.formatUrlUnsafe(
    NetAddress.inetAddressUnsafe(NetAddress.isUnspecified(address) ? NetAddress.ipv4Loopback : address, port)
  )
