/**
 * A Redis of the test's own, and processes that use it.
 */
import { assert } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as Net from "node:net"

/** Whether somebody listens on that port. */
export const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = Net.connect({ host: "127.0.0.1", port })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once("connect", () => end(true)).once("error", () => end(false))
  })

/** The title. If the tests are skipped, says so there and on stderr, so that an unused Redis is noticed. */
export const titled = (isThere: boolean, title: string, missing: string) => {
  if (!isThere) process.stderr.write(`skipped: ${missing}\n`)
  return isThere ? title : `skipped: ${missing}`
}

/** A process that ends by itself, whatever becomes of the test. */
export const spawned = (command: string, args: ReadonlyArray<string>) => {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], timeout: 90_000, killSignal: "SIGKILL" })
  return { child, gone: once(child, "close") }
}

const freePort = async () => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : assert.fail("no port")
}

export const passed = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))

/** A Redis on a port of its own, that can be stopped, killed and started again. */
export const withServer = async <A>(
  use: (server: {
    readonly port: number
    readonly kill: (signal: NodeJS.Signals) => void
    readonly restart: () => Promise<void>
  }) => Promise<A>
) => {
  const port = await freePort()
  const run = () =>
    spawned("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
  let server = run()
  const listens = async (tries = 100): Promise<void> => {
    if (await accepts(port)) return
    assert.isAbove(tries, 0, "redis-server does not listen")
    await passed(0.05)
    return listens(tries - 1)
  }
  const restart = async () => {
    await server.gone
    server = run()
    await listens()
  }
  try {
    await listens()
    return await use({ port, kill: (signal) => void server.child.kill(signal), restart })
  } finally {
    server.child.kill("SIGKILL")
    await server.gone
  }
}
