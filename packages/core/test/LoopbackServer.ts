/**
 * An HTTP server on loopback that gives scripted answers, invalid ones too, and records the requests.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { Socket } from "node:net"
import certificate from "./data/self-signed.json" with { type: "json" }

/** A request as it came over the socket. */
export interface Received {
  readonly method: string
  /** Path and query as the client wrote them, still percent-encoded. */
  readonly target: string
  readonly headers: IncomingMessage["headers"]
  /** Which connection it came over, counted from 0. */
  readonly connection: number
  /** Done as soon as that connection is gone. */
  readonly disconnected: Effect.Effect<void>
}

/** Answers a request, or does not. Its socket is there for what HTTP does not allow. */
export type Answer = (response: ServerResponse, socket: Socket) => void

export interface LoopbackServer {
  readonly url: string
  /** All requests so far, in order. */
  readonly received: ReadonlyArray<Received>
  /** The request with this number, counted from 0, as soon as it is there. */
  readonly arrival: (index: number) => Effect.Effect<Received>
}

/** A server that gives its first request the first answer, and so on; the last answer stays. It ends with the scope. */
export const make = (...answers: readonly [Answer, ...ReadonlyArray<Answer>]): Effect.Effect<
  LoopbackServer,
  never,
  Scope.Scope
> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<readonly [LoopbackServer, close: () => void]>((resume) => {
        const received: Array<Received> = []
        const connections: Array<Socket> = []
        const waiting: Array<() => void> = []
        const server = createServer((request, response) => {
          const { headers, method = "", socket, url: target = "" } = request
          const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()))
          const answer = answers[Math.min(received.length, answers.length - 1)]
          received.push({
            method,
            target,
            headers,
            connection: connections.indexOf(socket),
            disconnected: Effect.promise(() => gone)
          })
          for (const check of waiting.splice(0)) check()
          answer?.(response, socket)
        })
        server.on("connection", (socket) => {
          connections.push(socket.setMaxListeners(0).on("error", () => {}))
        })
        const arrival = (index: number) =>
          Effect.callback<Received>((resume) => {
            const check = () => {
              const request = received[index]
              if (request === undefined) waiting.push(check)
              else resume(Effect.succeed(request))
            }
            check()
          })
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" ? address?.port : undefined
          resume(Effect.succeed([{ url: `http://127.0.0.1:${port}`, received, arrival }, close]))
        })
      }),
      ([, close]) => Effect.sync(close)
    ),
    ([server]) => server
  )

interface Head {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A whole answer with a length. */
export const text = (body: string | Uint8Array, { headers, status = 200 }: Head = {}): Answer => (response) =>
  response.writeHead(status, { "content-length": Buffer.byteLength(body), ...headers }).end(body)

/** A whole answer with a length. */
export const json = (body: unknown, head: Head = {}): Answer =>
  text(JSON.stringify(body), { ...head, headers: { "content-type": "application/json", ...head.headers } })

/** A whole answer in chunks, of no known length. */
export const chunked = (body: string | Uint8Array, { headers, status = 200 }: Head = {}): Answer => (response) => {
  response.writeHead(status, headers).write(body)
  response.end()
}

/** No answer at all. */
export const silence: Answer = () => {}

/** The port of a server whose certificate nobody trusts. It ends with the scope. */
export const selfSigned: Effect.Effect<number, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createSecureServer>>((resume) => {
      const server = createSecureServer(certificate, (_, response) => response.end())
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close().closeAllConnections())
  ),
  (server) => {
    const address = server.address()
    return typeof address === "object" ? address?.port ?? 0 : 0
  }
)
