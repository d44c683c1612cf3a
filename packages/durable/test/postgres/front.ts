/**
 * A way to a server that can be closed, or stand still, without an end of the server that others use.
 */
import { Effect } from "effect"
import { once } from "node:events"
import * as Net from "node:net"

const listen = async (server: Net.Server, port: number) => {
  server.listen(port, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : Number.NaN
}

/** A port that nobody listens on. */
export const freePort = Effect.promise(async () => {
  const server = Net.createServer()
  const port = await listen(server, 0)
  server.close()
  return port
})

/** A way to a port of this machine, until the scope closes. */
export const make = Effect.fnUntraced(function*(to: number) {
  const sockets = new Set<Net.Socket>()
  let isStill = false

  const server = Net.createServer((near) => {
    const far = Net.connect(to, "127.0.0.1")
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one)
      one.on("data", (data) => void other.write(data))
      one.once("close", () => {
        sockets.delete(one)
        other.destroy()
      }).on("error", () => other.destroy())
      if (isStill) one.pause()
    }
  })
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  const port = yield* Effect.acquireRelease(Effect.promise(() => listen(server, 0)), () => Effect.sync(cut))
  return {
    port,
    /** Connections break, and new ones are refused. */
    cut: Effect.sync(cut),
    restore: Effect.promise(() => listen(server, port)),
    /** Nothing goes through, and nobody is told. */
    stand: Effect.sync(() => {
      isStill = true
      for (const socket of sockets) socket.pause()
    }),
    goOn: Effect.sync(() => {
      isStill = false
      for (const socket of sockets) socket.resume()
    })
  }
})
