/**
 * The budget of several processes on a real Redis.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Net from "node:net"
import { fileURLToPath } from "node:url"
import { vi } from "vitest"
import { accepts, passed, spawned, titled, withServer } from "./redisServer.ts"
import { mostInAnyWindow } from "./sending.ts"

const hasRedis = await accepts(6379)
const noRedis = "no Redis on 127.0.0.1:6379"
const hasServer = spawnSync("redis-server", ["--version"]).status === 0
const noServer = "no redis-server is installed, to be stopped and killed"

vi.setConfig({ testTimeout: 100_000 })

// 40 in 2 seconds, of which 32 are shared.
const limit = 40
const window = 2
const share = 32

const Report = Schema.fromJsonString(
  Schema.Struct({ sent: Schema.Array(Schema.Finite), logs: Schema.Array(Schema.String), closedIn: Schema.Finite })
)

const script = fileURLToPath(new URL("./redisChild.ts", import.meta.url))

/** A process that polls for so many seconds: when it has begun, and what it reports in the end. */
const start = (port: number, key: string, seconds: number) => {
  const args = ["--conditions=@bulk-operations/source", script, ...[port, key, seconds, limit, window].map(String)]
  const { child, gone } = spawned(process.execPath, args)
  let text = ""
  const begun = new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      text += String(chunk)
      if (text.includes("\n")) resolve()
    })
    child.once("close", resolve)
  })
  const report = gone.then(() => Schema.decodePromise(Report)(text.slice(text.indexOf("\n") + 1)))
  return { begun, report }
}

const startTwo = async (port: number, key: string, seconds: number) => {
  const two = [start(port, key, seconds), start(port, key, seconds)] as const
  const reports = Promise.all([two[0].report, two[1].report])
  await Promise.all(two.map(({ begun }) => begun))
  return { reports }
}

const most = (...all: ReadonlyArray<ReadonlyArray<number>>) =>
  mostInAnyWindow(all.flat().toSorted((a, b) => a - b), window * 1000)

const longestSilence = (times: ReadonlyArray<number>) =>
  Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)))

// Timers of two processes are late by some milliseconds on a machine that has much to do.
const slack = 4

let keys = 0
const newKey = () => `${process.pid}-${Date.now()}-${keys++}`

describe.skipIf(!hasRedis)(`${titled(hasRedis, "two processes with one Redis", noRedis)}`, () => {
  it("keep to one share together", async () => {
    const { reports } = await startTwo(6379, newKey(), 5)
    const [one, two] = await reports
    assert.isAtMost(most(one.sent, two.sent), share + slack)
    assert.isAtLeast(one.sent.length + two.sent.length, 60)
    for (const { closedIn, logs, sent } of [one, two]) {
      assert.isAtLeast(sent.length, 15)
      assert.deepStrictEqual(logs, [])
      assert.isAtMost(closedIn, 1000)
    }
  })
})

describe.skipIf(!hasServer)(`${titled(hasServer, "a Redis that is gone", noServer)}`, () => {
  for (const how of ["SIGKILL", "SIGSTOP"] as const) {
    it.concurrent(`by ${how}: polls continue within a budget of the process, and closing does not hang`, () =>
      withServer(async ({ kill, port }) => {
        const { begun, report } = start(port, newKey(), 6)
        await begun
        await passed(2)
        kill(how)
        const { closedIn, logs, sent } = await report
        assert.isAtMost(most(sent), share + slack)
        assert.isAtMost(longestSilence(sent), 1800)
        assert.isAtLeast(sent.length, 50)
        assert.lengthOf(logs, 1)
        assert.match(logs[0] ?? "", /^Warn The store of the request budget is gone/)
        assert.isAtMost(closedIn, 1800)
      }))
  }

  const outages = [
    ["killed and started again", "SIGKILL", undefined],
    ["stopped and continued", "SIGSTOP", "SIGCONT"]
  ] as const
  for (const [name, signal, undo] of outages) {
    it.concurrent(`and is ${name}: the processes share one budget again`, () =>
      withServer(async ({ kill, port, restart }) => {
        const { reports } = await startTwo(port, newKey(), 15)
        await passed(1)
        kill(signal)
        await passed(2)
        await (undo === undefined ? restart() : kill(undo))
        const all = await reports
        for (const { logs } of all) assert.match(logs.join("\n"), /^Warn .* is gone.*\nInfo .* is back[^\n]*$/)
        const last = Math.max(...all.flatMap(({ sent }) => sent))
        assert.isAtMost(most(...all.map(({ sent }) => sent.filter((at) => at > last - 3500))), share + slack)
      }))
  }
})

describe.skipIf(!hasServer)(`${titled(hasServer, "a Redis that is not there at first", noServer)}`, () => {
  it("does not stop processes from sending, and is shared once it is there", () =>
    withServer(async ({ kill, port, restart }) => {
      kill("SIGKILL")
      const { reports } = await startTwo(port, newKey(), 12)
      await passed(1)
      await restart()
      const all = await reports
      for (const { closedIn, logs, sent } of all) {
        assert.match(logs.join("\n"), /^Warn .* is gone: it cannot be reached.*\nInfo .* is back[^\n]*$/)
        assert.isAtMost(most(sent), share + slack)
        assert.isAtMost(closedIn, 1800)
      }
      const last = Math.max(...all.flatMap(({ sent }) => sent))
      assert.isAtMost(most(...all.map(({ sent }) => sent.filter((at) => at > last - 3500))), share + slack)
    }))
})

describe.skipIf(!hasServer)(`${titled(hasServer, "a Redis that is slow", noServer)}`, () => {
  it("is waited for, and does not count as gone", () =>
    withServer(async ({ port }) => {
      const delay = 150
      const front = Net.createServer((near) => {
        const far = Net.connect(port, "127.0.0.1")
        near.on("data", (data) => setTimeout(() => far.write(data), delay)).on("close", () => far.destroy())
        far.on("data", (data) => setTimeout(() => near.write(data), delay)).on("close", () => near.destroy())
        near.on("error", () => far.destroy())
        far.on("error", () => near.destroy())
      }).listen(0, "127.0.0.1")
      await once(front, "listening")
      const address = front.address()
      if (typeof address !== "object" || address === null) return assert.fail()
      const { logs, sent } = await start(address.port, newKey(), 4).report
      front.close()
      assert.deepStrictEqual(logs, [])
      assert.isAtLeast(sent.length, 8)
      assert.isAtMost(longestSilence(sent), 800)
    }))
})
