/**
 * Pollers in two processes that share one budget by a real Redis, which is stopped, killed and started again.
 */
import { Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { passed, spawned, titled, withServer } from "../../core/test/internal/budget/redisServer.ts"

const hasServer = spawnSync("redis-server", ["--version"]).status === 0

const script = fileURLToPath(new URL("./poller.ts", import.meta.url))

const names = Array.from({ length: 2 }, (_, process) => Array.from({ length: 10 }, (_, index) => `${process}-${index}`))

// Of 40 in 2 seconds 32 are shared. Timers of processes are late by some milliseconds on a machine that has much to do.
const window = 2000
const share = 32
const slack = 4

const most = (times: ReadonlyArray<number>) => {
  let first = 0
  return times.reduce((most, time, index) => {
    while ((times[first] ?? time) <= time - window) first++
    return Math.max(most, index - first + 1)
  }, 0)
}

const silence = (times: ReadonlyArray<number>) =>
  Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)))

const waiting = (port: number, baseUrl: string, ids: ReadonlyArray<string>) => {
  const args = ["--conditions=@bulk-operations/source", script, baseUrl, `${port}`, "14", ...ids]
  const { stdout } = spawned(process.execPath, args).child
  return { begun: once(stdout, "data"), output: text(stdout) }
}

/** What two pollers logged, and when each sent its polls, while this happens to their Redis. */
const polling = (
  happen: (
    server: { readonly kill: (signal: NodeJS.Signals) => void; readonly restart: () => Promise<void> }
  ) => Promise<void>
) =>
  Effect.gen(function*() {
    const { baseUrl, requests, startOperation } = yield* Simulator.Simulator
    for (const id of names.flat()) yield* startOperation({ id, duration: "1 hour" })
    const logs = yield* Effect.promise(() =>
      withServer(async (server) => {
        const pollers = names.map((ids) => waiting(server.port, baseUrl, ids))
        await Promise.all(pollers.map(({ begun }) => begun))
        await happen(server)
        return Promise.all(pollers.map(({ output }) => output))
      })
    )
    const all = (yield* requests).map(({ receivedAt, url }) => ({ url, at: DateTime.toEpochMillis(receivedAt) }))
    const of = names.map((_, process) => all.filter(({ url }) => url.includes(`/${process}-`)).map(({ at }) => at))
    return { logs: logs.map((log) => log.replace("begun\n", "")), of, times: all.map(({ at }) => at) }
  }).pipe(Effect.provide(SimulatorServer.layer()))

describe.skipIf(!hasServer)(`${titled(hasServer, "pollers in two processes", "no redis-server is installed")}`, () => {
  it.live("share one budget, of which both get a part", () =>
    Effect.gen(function*() {
      const { logs, of, times } = yield* polling(() => passed(1))
      assert.deepStrictEqual(logs, ["", ""])
      assert.isAtMost(most(times), share + slack)
      for (const own of of) assert.isAtLeast(own.length, times.length / 4)
    }), 60_000)

  const outages = [
    ["killed and started again", "SIGKILL", undefined],
    ["stopped and continued", "SIGSTOP", "SIGCONT"]
  ] as const
  for (const [name, signal, undo] of outages) {
    it.live(
      `each use a budget of their own while their Redis is ${name}, then share again`,
      () =>
        Effect.gen(function*() {
          const { logs, of, times } = yield* polling(async ({ kill, restart }) => {
            await passed(3)
            kill(signal)
            await passed(2)
            await (undo === undefined ? restart() : kill(undo))
          })
          for (const log of logs) assert.match(log, /^Warn .* is gone[^\n]*\nInfo .* is back[^\n]*$/)
          for (const own of of) {
            assert.isAtMost(most(own), share + slack)
            assert.isAtMost(silence(own), 2500)
          }
          const last = Math.max(...times)
          assert.isAtMost(most(times.filter((at) => at > last - 3000)), share + slack)
        }),
      60_000
    )
  }
})
